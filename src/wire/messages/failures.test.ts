import { describe, expect, it } from 'vitest'
import { bodyUsage, messagesBodyFailure } from './failures.ts'

const body = (more: Record<string, unknown>) =>
  JSON.stringify({ id: 'msg_1', type: 'message', role: 'assistant', ...more })

describe('a 200 body of the Messages API', () => {
  it.each([
    ['text', body({ content: [{ type: 'text', text: 'hi' }], stop_reason: 'end_turn' })],
    ['a tool call', body({ content: [{ type: 'tool_use', input: {} }], stop_reason: 'tool_use' })],
    ['an end of turn without a word', body({ content: [], stop_reason: 'end_turn' })],
    ['a refusal', body({ content: [], stop_reason: 'refusal' })],
  ])('is an answer: %s', (_name, text) => {
    expect(messagesBodyFailure(text)).toBeUndefined()
  })

  it.each([
    ['an error', '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'],
    ['an error without an object', '{"type":"error","message":"x"}'],
    ['an error of another wire', '{"error":{"message":"x","code":"insufficient_quota"}}'],
    ['an error in text beside content', body({ content: [], stop_reason: 'end_turn', error: 'quota' })],
  ])('is a failure with its words: %s', (_name, text) => {
    expect(messagesBodyFailure(text)).toEqual({ channel: 'body', body: text })
  })

  it.each([
    ['no reason', body({ content: [{ type: 'text', text: 'hi' }], stop_reason: null }), 'NotAMessage'],
    ['no content', body({ stop_reason: 'end_turn' }), 'NotAMessage'],
    ['another object', '{"hello":"world"}', 'NotAMessage'],
    ['half a message', '{"type":"message","content":[{"ty', 'MalformedBody'],
    ['a page', '<?xml version="1.0"?><html/>', 'HtmlBody'],
    ['nothing', '', 'EmptyBody'],
  ])('is a failure of its form: %s', (_name, text, name) => {
    expect(messagesBodyFailure(text)?.error?.name).toBe(name)
  })
})

describe('bodyUsage', () => {
  it('reads the tokens, and leaves out what was not said', () => {
    const usage = { input_tokens: 3, output_tokens: 4, cache_read_input_tokens: 0 }
    expect(bodyUsage(body({ usage }))).toEqual({ inputTokens: 3, outputTokens: 4, cachedTokens: 0 })
    expect(bodyUsage(body({ usage: { output_tokens: null } }))).toEqual({})
    expect(bodyUsage('<html>')).toBeUndefined()
  })
})
