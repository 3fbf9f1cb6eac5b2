import { describe, expect, it } from 'vitest'
import { type Sent, typed, watchEvents, watchStream } from '../../../test/support/watch-stream.ts'

const response = (more: Record<string, unknown> = {}) => ({ id: 'resp_1', object: 'response', output: [], ...more })
const CREATED = typed(
  { type: 'response.created', response: response({ status: 'in_progress' }) },
  { type: 'response.in_progress', response: response({ status: 'in_progress' }) },
)
const MESSAGE = { id: 'msg_1', type: 'message', content: [{ type: 'output_text', text: 'hi', annotations: [] }] }
const DELTA = typed({ type: 'response.output_text.delta', output_index: 0, delta: 'hi' })
const done = (item: unknown) => typed({ type: 'response.output_item.done', output_index: 0, item })
const ended = (status: string, more: Record<string, unknown> = {}, type = `response.${status}`) =>
  typed({ type, response: response({ status, ...more }) })
const COMPLETED = ended('completed', {
  output: [MESSAGE],
  usage: { input_tokens: 10, input_tokens_details: { cached_tokens: 4 }, output_tokens: 5 },
})

const watch = (...events: ReadonlyArray<readonly Sent[]>) => watchEvents('responses', events.flat())

describe('the commit point of a Responses stream', () => {
  it.each([
    ['created and in_progress', CREATED],
    ['queued', typed({ type: 'response.queued', response: response({ status: 'queued' }) })],
    ['codex.rate_limits', typed({ type: 'codex.rate_limits', rate_limits: { allowed: true, limit_reached: false } })],
    ['an item that begins', typed({ type: 'response.output_item.added', item: { ...MESSAGE, content: [] } })],
    ['a part that begins', typed({ type: 'response.content_part.added', part: { type: 'output_text', text: '' } })],
    ['a summary part that begins', typed({ type: 'response.reasoning_summary_part.added', part: { text: '' } })],
    ['an empty delta', typed({ type: 'response.output_text.delta', delta: '' })],
    ['a reasoning item that begins', typed({ type: 'response.output_item.added', item: { type: 'reasoning' } })],
    [
      'a complete reasoning item without text',
      done({ type: 'reasoning', summary: [], content: null, encrypted_content: 'gAAAA' }),
    ],
    [
      'a reasoning item with an empty summary',
      done({ type: 'reasoning', summary: [{ type: 'summary_text', text: '' }] }),
    ],
    ['a message item without text', done({ ...MESSAGE, content: [{ type: 'output_text', text: '' }] })],
    ['an item that is none', done(null)],
    ['an event nobody knows', typed({ type: 'response.simulated_unknown', text: 'hi', delta: 'hi' })],
    ['an event without a type', [{ data: { hello: 'world' } }]],
    ['data that is no JSON', [{ event: 'response.created', data: '{"type":"response.cre' }]],
    ['[DONE]', [{ data: '[DONE]' }]],
  ])('is not at: %s', (_name, events) => {
    expect(watch(events).meanings.every((meaning) => meaning === 'handshake')).toBe(true)
  })

  it.each([
    ['text', DELTA],
    ['text that is only a space', typed({ type: 'response.output_text.delta', delta: ' ' })],
    ['a refusal', typed({ type: 'response.refusal.delta', delta: 'No' })],
    ['arguments of a function call', typed({ type: 'response.function_call_arguments.delta', delta: '{' })],
    ['input of a custom tool', typed({ type: 'response.custom_tool_call_input.delta', delta: '*** Begin' })],
    ['a reasoning summary', typed({ type: 'response.reasoning_summary_text.delta', delta: 'Thinking' })],
    ['reasoning text', typed({ type: 'response.reasoning_text.delta', delta: 'Thinking' })],
    ['code', typed({ type: 'response.code_interpreter_call_code.delta', delta: 'x' })],
    ['a part of an image', typed({ type: 'response.image_generation_call.partial_image', partial_image_b64: 'AA' })],
    ['audio', typed({ type: 'response.audio.delta', delta: 'AA' })],
    ['a complete message', done(MESSAGE)],
    ['a complete refusal', done({ type: 'message', content: [{ type: 'refusal', refusal: 'No' }] })],
    ['a complete function call', done({ type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' })],
    ['a complete reasoning item with a summary', done({ type: 'reasoning', summary: [{ text: 'Because' }] })],
    ['a complete item of a kind nobody knows', done({ type: 'hologram_call' })],
    ['an event named only by its frame', [{ event: 'response.output_text.delta', data: { delta: 'hi' } }]],
  ])('is at: %s', (_name, events) => {
    const { meanings } = watch(CREATED, events)
    expect(meanings).toEqual(['handshake', 'handshake', 'visible'])
  })
})

describe('the end of a Responses stream', () => {
  it('is response.completed, with its tokens', () => {
    expect(watch(CREATED, DELTA, done(MESSAGE), COMPLETED)).toMatchObject({
      kind: 'complete',
      visible: true,
      usage: { inputTokens: 10, outputTokens: 5, cachedTokens: 4 },
    })
  })

  it.each([
    ['null', { output: null }],
    ['empty', { output: [] }],
    ['missing', { output: undefined }],
  ])('is good when its output is %s and something was streamed', (_name, more) => {
    expect(watch(CREATED, DELTA, ended('completed', more)).kind).toBe('complete')
  })

  it('is good when everything came in it', () => {
    expect(watch(CREATED, COMPLETED)).toMatchObject({ kind: 'complete', visible: false })
  })

  it.each([
    [
      'at the token limit, in words',
      [DELTA, ended('incomplete', { incomplete_details: { reason: 'max_output_tokens' } })],
    ],
    [
      'at the token limit, without a word',
      [ended('incomplete', { incomplete_details: { reason: 'max_output_tokens' } })],
    ],
    ['steered away', [ended('incomplete', { incomplete_details: { reason: 'steered' } })]],
    ['by the filter, in words', [DELTA, ended('incomplete', { incomplete_details: { reason: 'content_filter' } })]],
  ])('is an answer when it was cut short %s', (_name, events) => {
    expect(watch(CREATED, ...events).kind).toBe('complete')
  })

  const error = { code: 'insufficient_quota', message: 'You exceeded your current quota' }
  it.each([
    ['failed', [ended('failed', { error })], 'response.failed'],
    ['failed with output', [DELTA, done(MESSAGE), ended('failed', { error, output: [MESSAGE] })], 'response.failed'],
    [
      'failed with a reasoning item',
      [done({ type: 'reasoning', summary: [] }), ended('failed', { error })],
      'response.failed',
    ],
    ['failed without a word why', [ended('failed')], 'response.failed'],
    ['failed without a response', [typed({ type: 'response.failed' })], 'response.failed'],
    ['failed without a status', [typed({ type: 'response.failed', response: { error } })], 'response.failed'],
    ['failed that says completed', [ended('completed', {}, 'response.failed')], 'response.failed'],
    ['completed that says failed', [ended('failed', { error }, 'response.completed')], 'response.completed'],
    ['completed with an error', [ended('completed', { error, output: [MESSAGE] })], 'response.completed'],
    [
      'completed with an error in text',
      [ended('completed', { error: 'quota', output: [MESSAGE] })],
      'response.completed',
    ],
    ['cancelled', [ended('cancelled')], 'response.cancelled'],
    ['cancelled with output', [DELTA, ended('cancelled', { output: [MESSAGE] })], 'response.cancelled'],
    ['cancelled without a status', [typed({ type: 'response.cancelled', response: {} })], 'response.cancelled'],
    [
      'filtered before a word',
      [ended('incomplete', { incomplete_details: { reason: 'content_filter' } })],
      'response.incomplete',
    ],
    ['incomplete for no reason and without a word', [ended('incomplete')], 'response.incomplete'],
    ['incomplete without a status', [typed({ type: 'response.incomplete', response: {} })], 'response.incomplete'],
    ['error, nested as sent', [typed({ type: 'error', error })], 'error'],
    ['error, flat as documented', [typed({ type: 'error', ...error })], 'error'],
    ['error, behind output', [DELTA, typed({ type: 'error', error })], 'error'],
    ['error without a type', [[{ event: 'error', data: { error } }]], 'error'],
    ['error that is no JSON', [[{ event: 'error', data: 'upstream exploded' }]], 'error'],
    ['response.error', [typed({ type: 'response.error', error })], 'response.error'],
    ['an error frame without a name', [[{ data: { error } }]], ''],
    ['an error frame of a foreign type', [typed({ type: 'upstream_error', error })], 'upstream_error'],
    ['error fields of a relay', [[{ data: { error_type: 'quota', error_message: 'empty' } }]], ''],
  ])('is a failure: %s', (_name, events, eventName) => {
    const watched = watch(CREATED, ...events)
    expect(watched.kind).toBe('failure')
    expect(watched.evidence).toMatchObject({ eventName })
    // Whoever classifies must see the words.
    expect(watched.evidence?.body).toBe(textOf(events.at(-1)?.at(-1)))
  })

  it('is an error field of llama.cpp, too', () => {
    const watched = watchStream('responses', Buffer.from('error: {"code":500,"message":"oom"}\n\n'))
    expect(watched).toMatchObject({
      kind: 'failure',
      evidence: { channel: 'event', body: '{"code":500,"message":"oom"}' },
    })
  })

  it('is an empty answer when it completes with nothing', () => {
    for (const events of [[], done({ type: 'reasoning', summary: [], encrypted_content: 'gAAAA' })])
      expect(watch(CREATED, events, ended('completed', { output: null })).evidence).toMatchObject({
        channel: 'end',
        error: { name: 'EmptyAnswer' },
      })
  })

  it.each([
    ['nothing at all', [], 'EmptyStream'],
    ['comments alone', ': hello\n\n', 'EmptyStream'],
    ['[DONE] alone', 'data: [DONE]\n\n', 'EmptyStream'],
  ])('without its terminal event is a failure: %s', (_name, bytes, name) => {
    expect(watchStream('responses', Buffer.from(bytes))).toMatchObject({
      kind: 'failure',
      evidence: { channel: 'end', error: { name } },
    })
  })

  it('without its terminal event is a failure, whatever was streamed', () => {
    for (const events of [CREATED, [...CREATED, ...DELTA], [...CREATED, ...done(MESSAGE), { data: '[DONE]' }]])
      expect(watch(events)).toMatchObject({
        kind: 'failure',
        evidence: { channel: 'end', error: { name: 'MissingTerminalEvent' } },
      })
  })
})

describe("the protocol's own events", () => {
  it('may carry fields called error without failing', () => {
    const events = typed(
      { type: 'response.created', response: response({ error: null }), error: null },
      { type: 'response.mcp_call.failed', item_id: 'mcp_1', error: 'the tool failed, the answer goes on' },
      { type: 'codex.response.metadata', error: { note: 'private' } },
    )
    expect(watch(events, DELTA, COMPLETED).kind).toBe('complete')
  })
})

function textOf(sent: Sent | undefined): string {
  return typeof sent?.data === 'string' ? sent.data : JSON.stringify(sent?.data)
}
