import { describe, expect, it } from 'vitest'
import { type Sent, typed, watchEvents, watchStream } from '../../../test/support/watch-stream.ts'

const START = typed({
  type: 'message_start',
  message: {
    id: 'msg_1',
    role: 'assistant',
    content: [],
    usage: { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 1 },
  },
})
const PING = typed({ type: 'ping' })
const begin = (content_block: unknown) => typed({ type: 'content_block_start', index: 0, content_block })
const delta = (given: unknown) => typed({ type: 'content_block_delta', index: 0, delta: given })
const TEXT = delta({ type: 'text_delta', text: 'hi' })
const because = (stop_reason: string | null) =>
  typed({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 5 } })
const STOP = typed({ type: 'message_stop' })
const watch = (...events: ReadonlyArray<readonly Sent[]>) => watchEvents('messages', events.flat())

describe('the commit point of a Messages stream', () => {
  it.each([
    ['message_start', START],
    ['ping', PING],
    ['a text block that begins', begin({ type: 'text', text: '' })],
    ['a thinking block that begins', begin({ type: 'thinking', thinking: '', signature: '' })],
    ['redacted thinking', begin({ type: 'redacted_thinking', data: 'EAAA' })],
    ['a signature', delta({ type: 'signature_delta', signature: 'EAAA' })],
    ['an empty text delta', delta({ type: 'text_delta', text: '' })],
    ['the first, empty piece of a tool input', delta({ type: 'input_json_delta', partial_json: '' })],
    ['a block that ends', typed({ type: 'content_block_stop', index: 0 })],
    ['tokens', because(null)],
    ['an event nobody knows', typed({ type: 'content_block_hologram', text: 'hi' })],
    ['data that is no JSON', [{ event: 'content_block_delta', data: '{"type":"content_bl' }]],
  ])('is not at: %s', (_name, events) => {
    expect(watch(events).meanings).toEqual(['handshake'])
  })

  it.each([
    ['text', TEXT],
    ['thinking', delta({ type: 'thinking_delta', thinking: 'Because' })],
    ['a piece of a tool input', delta({ type: 'input_json_delta', partial_json: '{' })],
    ['a citation', delta({ type: 'citations_delta', citation: {} })],
    ['a tool call that begins', begin({ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} })],
    ['a tool of the server', begin({ type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search' })],
    ['a result of the server', begin({ type: 'web_search_tool_result', content: [] })],
    ['text with the block', begin({ type: 'text', text: 'hi' })],
    ['an event named only by its frame', [{ event: 'content_block_delta', data: { delta: { text: 'hi' } } }]],
  ])('is at: %s', (_name, events) => {
    expect(watch(START, PING, events).meanings).toEqual(['handshake', 'handshake', 'visible'])
  })
})

describe('the end of a Messages stream', () => {
  it('is message_stop, with tokens added up from both ends', () => {
    expect(watch(START, PING, begin({ type: 'text', text: '' }), TEXT, because('end_turn'), STOP)).toMatchObject({
      kind: 'complete',
      visible: true,
      usage: { inputTokens: 10, outputTokens: 5, cachedTokens: 4 },
    })
  })

  it.each(['end_turn', 'refusal', 'max_tokens', 'pause_turn', 'model_context_window_exceeded'])(
    'is good without a word for %s: models end a turn silently behind a tool result',
    (reason) => {
      expect(watch(START, because(reason), STOP).kind).toBe('complete')
    },
  )

  it('is good with words and without a reason', () => {
    expect(watch(START, TEXT, STOP).kind).toBe('complete')
  })

  it.each([
    ['no start', [STOP]],
    ['no start, but a reason', [because('end_turn'), STOP]],
    ['neither a word nor a reason', [START, STOP]],
    ['neither a word nor a reason, but tokens', [START, because(null), STOP]],
  ])('is no message with %s', (_name, events) => {
    expect(watch(...events).evidence).toMatchObject({ channel: 'end', error: { name: 'EmptyAnswer' } })
  })

  it.each([
    ['the start', [START]],
    ['text', [START, TEXT]],
    ['a reason', [START, TEXT, because('end_turn')]],
    ['[DONE]', [START, TEXT, because('end_turn'), [{ data: '[DONE]' }]]],
  ])('is missing after %s', (_name, events) => {
    expect(watch(...events)).toMatchObject({
      kind: 'failure',
      evidence: { channel: 'end', error: { name: 'MissingTerminalEvent' } },
    })
  })

  it('is nothing in a stream without events', () => {
    for (const bytes of ['', ': hello\n\n', 'data: [DONE]\n\n'])
      expect(watchStream('messages', Buffer.from(bytes)).evidence?.error?.name).toBe('EmptyStream')
  })

  const error = { type: 'overloaded_error', message: 'Overloaded' }
  it.each([
    ['error', typed({ type: 'error', error })],
    ['error without a name', [{ data: { type: 'error', error } }]],
    ['error without a type', [{ event: 'error', data: { error } }]],
    ['error that is no JSON', [{ event: 'error', data: 'exploded' }]],
    ['an error object of another wire', [{ data: { error: { message: 'x', code: 'rate_limit_exceeded' } } }]],
    ['error fields of a relay', [{ data: { error_type: 'quota', error_message: 'empty' } }]],
  ] as ReadonlyArray<readonly [string, readonly Sent[]]>)(
    'is a failure, with or without output: %s',
    (_name, events) => {
      const sent = events[0]?.data
      const body = typeof sent === 'string' ? sent : JSON.stringify(sent)
      for (const before of [[], [START, PING], [START, TEXT]])
        expect(watch(...before, events, STOP).evidence).toEqual({ channel: 'event', eventName: 'error', body })
    },
  )

  it('is an error field of llama.cpp, too', () => {
    expect(watchStream('messages', Buffer.from('error: {"code":500}\n\n')).evidence?.body).toBe('{"code":500}')
  })
})
