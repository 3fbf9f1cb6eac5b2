import { describe, expect, it } from 'vitest'
import { chatBodyFailure, chatUsage } from './failures.ts'

const body = (message: unknown, finish_reason: string | null = 'stop', more: Record<string, unknown> = {}) =>
  JSON.stringify({ id: 'c1', object: 'chat.completion', choices: [{ index: 0, message, finish_reason, ...more }] })

describe('a 200 body of Chat Completions', () => {
  it.each([
    ['text', body({ role: 'assistant', content: 'hi' })],
    ['text in parts', body({ content: [{ type: 'text', text: 'hi' }] })],
    ['text without an end', body({ content: 'hi' }, null)],
    ['a refusal', body({ content: null, refusal: 'No' })],
    ['reasoning alone', body({ content: '', reasoning_content: 'Because' })],
    ['a tool call', body({ content: null, tool_calls: [{ id: 'call_1' }] }, 'tool_calls')],
    ['a function call of old', body({ content: null, function_call: { name: 'f' } }, 'function_call')],
    ['audio', body({ content: null, audio: { id: 'a' } })],
    ['the token limit without a word', body({ content: '' }, 'length')],
    ['a filter', body({ content: null }, 'content_filter')],
    ['a completion of old', JSON.stringify({ choices: [{ text: 'hi', finish_reason: 'stop' }] })],
    [
      'no error of MiniMax',
      JSON.stringify({ base_resp: { status_code: 0 }, choices: [{ message: { content: 'x' } }] }),
    ],
    ['an error that is null', JSON.stringify({ error: null, choices: [{ message: { content: 'x' } }] })],
  ])('is an answer: %s', (_name, text) => {
    expect(chatBodyFailure(text)).toBeUndefined()
  })

  it.each([
    ['an error object', '{"error":{"message":"x","code":429}}'],
    ['an error object beside choices', '{"error":{"message":"x"},"choices":[{"message":{"content":"hi"}}]}'],
    ['an error in text', '{"error":"quota exceeded"}'],
    ['an error inside a list, as Google sends it', '[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}]'],
    ['a status of MiniMax', '{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"},"choices":null}'],
    ['finish_reason error', body({ content: 'half' }, 'error')],
    ['an error inside the choice', body({ content: '' }, 'stop', { error: { code: 502, message: 'x' } })],
  ])('is a failure with its words: %s', (_name, text) => {
    expect(chatBodyFailure(text)).toEqual({ channel: 'body', body: text })
  })

  it.each([
    ['an empty message', body({ role: 'assistant', content: '' }), 'EmptyAnswer'],
    ['a tool call that is none', body({ content: null, tool_calls: [] }, 'tool_calls'), 'EmptyAnswer'],
    ['no choices', '{"choices":[]}', 'EmptyAnswer'],
    ['choices that are null', '{"choices":null}', 'EmptyAnswer'],
    ['another object', '{"hello":"world"}', 'EmptyAnswer'],
    ['a list of something else', '[1,2]', 'MalformedBody'],
    ['half an answer', '{"choices":[{"mess', 'MalformedBody'],
    ['a page', '\n<html><body>Bad gateway</body></html>', 'HtmlBody'],
    ['nothing', '', 'EmptyBody'],
  ])('is a failure of its form: %s', (_name, text, name) => {
    expect(chatBodyFailure(text)?.error?.name).toBe(name)
  })
})

describe('chatUsage', () => {
  it('leaves out what was not said', () => {
    expect(chatUsage(undefined)).toBeUndefined()
    expect(chatUsage({ usage: null })).toBeUndefined()
    expect(chatUsage({ usage: { prompt_tokens: 3 } })).toEqual({ inputTokens: 3 })
  })
})
