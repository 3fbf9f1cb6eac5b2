import { describe, expect, it } from 'vitest'
import { type Sent, watchEvents, watchStream } from '../../../test/support/watch-stream.ts'

const chunk = (delta: unknown, finish_reason: string | null = null, more: Record<string, unknown> = {}): Sent => ({
  data: { id: 'c1', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason, ...more }] },
})
const ROLE = chunk({ role: 'assistant', content: '' })
const TEXT = chunk({ content: 'hi' })
const STOP = chunk({}, 'stop')
const DONE: Sent = { data: '[DONE]' }
const data = (value: unknown): Sent => ({ data: value })
const watch = (...events: readonly Sent[]) => watchEvents('chat-completions', events)

describe('the commit point of a Chat stream', () => {
  it.each([
    ['a role alone', ROLE],
    ['a role and null', chunk({ role: 'assistant', content: null, refusal: null, tool_calls: [] })],
    ['an empty delta', chunk({})],
    ['empty reasoning', chunk({ reasoning_content: '', reasoning: '' })],
    ['no choices, as Azure begins', data({ choices: [], prompt_filter_results: [] })],
    ['an object that nobody knows', data({ object: 'ping' })],
    ['data that is no JSON', data('{"choices":[{')],
  ])('is not at: %s', (_name, sent) => {
    expect(watch(sent).meanings).toEqual(['handshake'])
  })

  it.each([
    ['text', TEXT],
    ['text in parts', chunk({ content: [{ type: 'text', text: 'hi' }] })],
    ['reasoning of DeepSeek', chunk({ reasoning_content: 'Because' })],
    ['reasoning of OpenRouter', chunk({ reasoning: 'Because' })],
    ['a refusal', chunk({ refusal: 'No' })],
    ['a tool call', chunk({ tool_calls: [{ index: 0, id: 'call_1', function: { name: 'f', arguments: '' } }] })],
    ['a function call of old', chunk({ function_call: { name: 'f', arguments: '' } })],
    ['audio', chunk({ audio: { data: 'AA' } })],
    ['an image', chunk({ images: [{ type: 'image_url' }] })],
    [
      'the second of two choices',
      data({
        choices: [
          { index: 0, delta: {} },
          { index: 1, delta: { content: 'x' } },
        ],
      }),
    ],
    ['a whole message inside a stream', data({ choices: [{ index: 0, message: { content: 'hi' } }] })],
    ['text of a completion of old', data({ choices: [{ index: 0, text: 'hi' }] })],
  ])('is at: %s', (_name, sent) => {
    expect(watch(ROLE, sent).meanings).toEqual(['handshake', 'visible'])
  })
})

describe('the end of a Chat stream', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } }

  it.each([
    ['stop, tokens and [DONE]', [TEXT, STOP, data({ choices: [], usage }), DONE]],
    ['tokens beside stop', [TEXT, data({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage }), DONE]],
    ['no [DONE]', [TEXT, STOP, data({ choices: [], usage })]],
  ])('is a finish_reason: %s', (_name, events) => {
    expect(watch(ROLE, ...events)).toMatchObject({
      kind: 'complete',
      visible: true,
      usage: { inputTokens: 10, outputTokens: 5, cachedTokens: 4 },
    })
  })

  it.each([
    ['tool calls', [chunk({ tool_calls: [{ index: 0 }] }), chunk({}, 'tool_calls')]],
    ['the token limit', [TEXT, chunk({}, 'length')]],
    ['the token limit without a word', [chunk({}, 'length')]],
    ['a filter', [chunk({}, 'content_filter')]],
    ['text in the chunk that ends', [chunk({ content: 'hi' }, 'stop')]],
    ['a late chunk without an end', [TEXT, STOP, chunk({})]],
  ])('is good after: %s', (_name, events) => {
    expect(watch(ROLE, ...events, DONE).kind).toBe('complete')
  })

  it.each([
    ['text', [TEXT]],
    ['a role alone', []],
    ['an end that is empty', [TEXT, chunk({}, '')]],
    ['one of two choices', [TEXT, data({ choices: [{ index: 1, delta: { content: 'x' } }] }), STOP]],
  ])('is missing after: %s', (_name, events) => {
    for (const done of [[], [DONE]])
      expect(watch(ROLE, ...events, ...done)).toMatchObject({
        kind: 'failure',
        evidence: { channel: 'end', error: { name: 'MissingTerminalEvent' } },
      })
  })

  it('of two choices is there when both have ended', () => {
    const other = (delta: unknown, finish_reason: string | null) =>
      data({ choices: [{ index: 1, delta, finish_reason }] })
    expect(watch(TEXT, other({ content: 'x' }, null), STOP, other({}, 'stop'), DONE).kind).toBe('complete')
  })

  it('is an empty answer when nothing was said', () => {
    expect(watch(ROLE, STOP, DONE).evidence).toMatchObject({ channel: 'end', error: { name: 'EmptyAnswer' } })
  })

  it('is nothing in a stream without events', () => {
    for (const bytes of ['', ': OPENROUTER PROCESSING\n\n', 'data: [DONE]\n\n'])
      expect(watchStream('chat-completions', Buffer.from(bytes)).evidence?.error?.name).toBe('EmptyStream')
  })

  const error = { message: 'You exceeded your current quota', type: 'insufficient_quota' }
  it.each([
    ['an error object', data({ error })],
    ['an error object beside a choice', chunk({ content: '' }, null, { error })],
    ['an error object beside an end', data({ error, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })],
    ['an error in text', data({ error: 'quota exceeded' })],
    ['error fields of a relay', data({ error_type: 'quota', error_message: 'empty' })],
    ['a typed error', data({ type: 'error', message: 'x' })],
    ['code and message without choices', data({ code: 'InvalidApiKey', message: 'x', request_id: 'r' })],
    ['a status of MiniMax', data({ base_resp: { status_code: 1008, status_msg: 'insufficient balance' } })],
    ['an event named error', { event: 'error', data: { code: 429, message: 'x' } }],
    ['an event named error that is no JSON', { event: 'error', data: 'exploded' }],
    ['finish_reason error', chunk({ content: '' }, 'error')],
    ['finish_reason insufficient_system_resource', chunk({}, 'insufficient_system_resource')],
    ['finish_reason error of a second choice', data({ choices: [{ index: 0 }, { index: 1, finish_reason: 'error' }] })],
  ])('is a failure, with or without output, whatever follows: %s', (_name, sent) => {
    const body = typeof sent.data === 'string' ? sent.data : JSON.stringify(sent.data)
    expect(watch(ROLE, sent, DONE).evidence).toMatchObject({ channel: 'event', body })
    expect(watch(ROLE, TEXT, sent, STOP, DONE).evidence).toMatchObject({ channel: 'event', body })
    // vLLM reports an error behind the finish_reason and sends [DONE] all the same.
    expect(watch(ROLE, TEXT, STOP, sent, DONE).evidence).toMatchObject({ channel: 'event', body })
  })

  it('a status 0 of MiniMax is none', () => {
    const fine = { base_resp: { status_code: 0, status_msg: '' }, choices: [{ index: 0, delta: { content: 'x' } }] }
    expect(watch(data(fine), STOP).kind).toBe('complete')
  })

  it('is an error field of llama.cpp, too', () => {
    expect(watchStream('chat-completions', Buffer.from('error: {"code":500}\n\n')).evidence?.body).toBe('{"code":500}')
  })
})
