import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { estimateTokens } from './estimate-tokens.ts'
import { requestNeeds } from './request-needs.ts'

describe('how many tokens a text has', () => {
  // Counts by o200k_base, 2026-11.
  it.each([
    ['The quick brown fox jumps over the lazy dog.', 10],
    ['export function sum(a: number, b: number): number {\n  return a + b\n}\n', 20],
    ['{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}', 20],
  ])('%s', (text, tokens) => {
    expect(estimateTokens(text) / tokens).toBeGreaterThan(0.75)
    expect(estimateTokens(text) / tokens).toBeLessThan(1.5)
  })

  it('a long page of this project is within a sixth of what a tokenizer counts', () => {
    const text = readFileSync(new URL('../../LICENSE', import.meta.url), 'utf8')
    expect(estimateTokens(text) / LICENSE_TOKENS).toBeGreaterThan(0.83)
    expect(estimateTokens(text) / LICENSE_TOKENS).toBeLessThan(1.17)
  })

  it.each([
    ['', 0],
    ['    ', 1],
    ['漢字', 2],
    ['👍', 2],
  ])('"%s" is %i', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens)
  })

  it('a ruler of a thousand dashes and a field of blanks are few', () => {
    expect(estimateTokens('-'.repeat(1000))).toBeLessThan(100)
    expect(estimateTokens(' '.repeat(1000))).toBeLessThan(100)
  })
})

const LICENSE_TOKENS = 222

const PICTURE = 'A'.repeat(4000)
const IMAGE = {
  responses: { type: 'input_image', image_url: `data:image/png;base64,${PICTURE}` },
  'chat-completions': { type: 'image_url', image_url: { url: `data:image/png;base64,${PICTURE}` } },
  messages: { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PICTURE } },
} as const
const TOOL = { name: 'weather', description: 'Tells the weather', input_schema: { type: 'object' } }

describe.each(['responses', 'chat-completions', 'messages'] as const)('what a %s request needs', (wire) => {
  const turns = wire === 'responses' ? 'input' : 'messages'
  const of = (content: unknown, more = {}) => requestNeeds(wire, { [turns]: [{ role: 'user', content }], ...more })

  it('an image is an image and not a text of its letters', () => {
    const plain = of([{ type: 'text', text: 'look' }])
    const seen = of([{ type: 'text', text: 'look' }, IMAGE[wire]])
    expect([plain.images, seen.images]).toEqual([0, 1])
    expect(seen.textTokens - plain.textTokens).toBeLessThan(10)
  })

  it('tools count with their words and names', () => {
    expect(of('hi').tools).toBe(false)
    const needs = of('hi', { tools: [TOOL] })
    expect(needs.tools).toBe(true)
    expect(needs.textTokens - of('hi').textTokens).toBeGreaterThan(8)
    expect(of('hi', { tools: [] }).tools).toBe(false)
  })

  it('its limit of output, and its schema', () => {
    const limit = {
      responses: 'max_output_tokens',
      'chat-completions': 'max_completion_tokens',
      messages: 'max_tokens',
    }
    expect(of('hi', { [limit[wire]]: 99 }).maxOutputTokens).toBe(99)
    const format = { type: 'json_schema', schema: {} }
    const place = {
      responses: { text: { format } },
      'chat-completions': { response_format: format },
      messages: { output_config: { format } },
    }
    expect([of('hi').structuredOutput, of('hi', place[wire]).structuredOutput]).toEqual([false, true])
  })

  it('sealed state is no text', () => {
    expect(
      of([{ type: 'thinking', thinking: '', signature: PICTURE, encrypted_content: PICTURE }]).textTokens,
    ).toBeLessThan(20)
  })
})

describe('a request that wants to hold us up', () => {
  it('is nested ten thousand deep', () => {
    let value: unknown = 'core'
    for (let depth = 0; depth < 10_000; depth += 1) value = [value]
    expect(requestNeeds('messages', { messages: value }).textTokens).toBeGreaterThan(0)
  })

  it('is very long: the rest is taken to go on alike', () => {
    const piece = 'The quick brown fox jumps over the lazy dog. '.repeat(1000)
    const many = (count: number) =>
      requestNeeds('messages', { messages: Array.from({ length: count }, () => ({ role: 'user', content: piece })) })
        .textTokens
    expect(many(200) / many(20)).toBeCloseTo(10, 1)
  })

  it('files are measured, not read', () => {
    const source = { type: 'base64', media_type: 'application/pdf', data: PICTURE }
    const needs = requestNeeds('messages', { messages: [{ role: 'user', content: [{ type: 'document', source }] }] })
    expect(needs).toMatchObject({ fileCharacters: 4000 })
    expect(needs.textTokens).toBeLessThan(10)
    const text = { type: 'text', media_type: 'text/plain', data: 'word '.repeat(100) }
    const plain = requestNeeds('messages', {
      messages: [{ role: 'user', content: [{ type: 'document', source: text }] }],
    })
    expect(plain.textTokens).toBeGreaterThan(90)
  })
})
