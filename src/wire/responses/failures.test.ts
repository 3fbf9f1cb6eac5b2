import { describe, expect, it } from 'vitest'
import { responsesBodyFailure, usageOf } from './failures.ts'

const MESSAGE = { type: 'message', content: [{ type: 'output_text', text: 'hi' }] }
const REASONING = { type: 'reasoning', summary: [] }
const body = (more: Record<string, unknown>) =>
  JSON.stringify({ id: 'resp_1', object: 'response', error: null, ...more })

describe('a 200 body of the Responses API', () => {
  it.each([
    ['completed', { status: 'completed', output: [MESSAGE] }],
    ['a tool call', { status: 'completed', output: [{ type: 'function_call', arguments: '{}' }] }],
    ['completed by a server that gives no status', { output: [MESSAGE] }],
    ['queued in the background', { status: 'queued', background: true, output: [] }],
    ['running in the background', { status: 'in_progress', background: true, output: [] }],
    [
      'cut at the token limit',
      { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output: [MESSAGE] },
    ],
    [
      'cut at the token limit while thinking',
      { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output: [REASONING] },
    ],
    [
      'filtered behind words',
      { status: 'incomplete', incomplete_details: { reason: 'content_filter' }, output: [MESSAGE] },
    ],
  ])('is an answer: %s', (_name, more) => {
    expect(responsesBodyFailure(body(more))).toBeUndefined()
  })

  it.each([
    ['failed', { status: 'failed', error: { code: 'server_error', message: 'x' }, output: [] }],
    ['failed with output', { status: 'failed', error: { code: 'insufficient_quota' }, output: [MESSAGE] }],
    ['failed with a reasoning item', { status: 'failed', error: { code: 'insufficient_quota' }, output: [REASONING] }],
    ['failed without a word why', { status: 'failed', error: null, output: [] }],
    ['cancelled with output', { status: 'cancelled', output: [MESSAGE] }],
    ['completed with an error', { status: 'completed', error: { message: 'x' }, output: [MESSAGE] }],
    ['completed with an error in text', { status: 'completed', error: 'quota', output: [MESSAGE] }],
    ['a filter before words', { status: 'incomplete', incomplete_details: { reason: 'content_filter' }, output: [] }],
    ['an error object', { error: { message: 'x', type: 'insufficient_quota' } }],
    ['an error object with a numeric status', { status: 429, error: { message: 'x' } }],
    ['a status that is none', { status: 'error', error: { message: 'x' } }],
  ])('is a failure with its words: %s', (_name, more) => {
    expect(responsesBodyFailure(body(more))).toEqual({ channel: 'body', body: body(more) })
  })

  it.each([
    ['completed with nothing', body({ status: 'completed', output: [] }), 'EmptyAnswer'],
    ['completed with null', body({ status: 'completed', output: null }), 'EmptyAnswer'],
    ['incomplete for no reason and with nothing', body({ status: 'incomplete', output: [] }), 'EmptyAnswer'],
    ['another object', '{"hello":"world"}', 'NotAResponse'],
    ['a status that is none, without words', '{"status":"error","detail":"x"}', 'NotAResponse'],
    ['the start of an answer', '{"status":"completed","output":[{"ty', 'MalformedBody'],
    ['a page', '<!DOCTYPE html><html></html>', 'HtmlBody'],
    ['nothing', '', 'EmptyBody'],
    ['white space', ' \n', 'EmptyBody'],
  ])('is a failure of its form: %s', (_name, text, name) => {
    expect(responsesBodyFailure(text)?.error?.name).toBe(name)
  })
})

describe('usageOf', () => {
  it('leaves out what was not said', () => {
    expect(usageOf(undefined)).toBeUndefined()
    expect(usageOf({ usage: null })).toBeUndefined()
    expect(usageOf({ usage: { input_tokens: 3, output_tokens: 'many' } })).toEqual({ inputTokens: 3 })
  })
})
