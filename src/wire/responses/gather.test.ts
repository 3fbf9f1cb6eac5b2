import { describe, expect, it } from 'vitest'
import { responsesAnswers } from '../../simulator/responses-answers.ts'
import { streamOf, typed } from '../../../test/support/watch-stream.ts'
import { gatherResponses } from './gather.ts'

const TOLD = { id: '1', model: 'gpt-5.5', nowMs: 1_800_000_000_000, includeUsage: false }
const MESSAGE = { id: 'msg_1', type: 'message', content: [{ type: 'output_text', text: 'hi', annotations: [] }] }
const CALL = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }
type Event = Readonly<Record<string, unknown>> & { readonly type: string }
const item = (output_index: number | undefined, given: unknown) => ({
  type: 'response.output_item.done',
  ...(output_index === undefined ? {} : { output_index }),
  item: given,
})
const end = (output: unknown, more: Record<string, unknown> = {}) => ({
  type: 'response.completed',
  response: { id: 'resp_1', status: 'completed', output, ...more },
})

function outputOf(...events: readonly Event[]): unknown {
  const gathered = gatherResponses(streamOf(typed(...events)))
  return gathered.kind === 'body' ? (JSON.parse(gathered.text) as { output: unknown }).output : gathered.evidence
}

describe('gathering a Responses stream', () => {
  it.each([
    ['text', { kind: 'answer' }],
    ['reasoning without text, then text', { kind: 'answer', reasoningFirst: true }],
    ['a reasoning summary, then text', { kind: 'answer', reasoningFirst: 'Because' }],
    ['a tool call', { kind: 'answer', toolCall: { name: 'f', arguments: '{"a":[1,2]}' } }],
    ['fields that nobody knows', { kind: 'answer', unknownFields: { hologram: { depth: 3 } } }],
  ] as const)('gives the body that the provider would have given: %s', (_name, step) => {
    const { body, events } = responsesAnswers.good(step, TOLD)
    const gathered = gatherResponses(streamOf(events))
    expect(gathered.kind).toBe('body')
    if (gathered.kind === 'body') expect(JSON.parse(gathered.text)).toEqual(JSON.parse(JSON.stringify(body)))
  })

  it('gives an answer that was cut at its token limit', () => {
    const { body, events } = responsesAnswers.incomplete({ kind: 'incomplete', reason: 'max_output_tokens' }, TOLD)
    const gathered = gatherResponses(streamOf(events))
    if (gathered.kind === 'body') expect(JSON.parse(gathered.text)).toEqual(JSON.parse(JSON.stringify(body)))
    expect(gathered.kind).toBe('body')
  })

  it.each([[null], [[]], [undefined]])('fills an output of %j from the finished items, in their order', (output) => {
    expect(outputOf(item(1, CALL), item(0, MESSAGE), end(output))).toEqual([MESSAGE, CALL])
  })

  it('takes items without an index in the order in which they came', () => {
    expect(outputOf(item(undefined, MESSAGE), item(undefined, CALL), end(null))).toEqual([MESSAGE, CALL])
  })

  it('makes a message of the text when there are no items', () => {
    const deltas = ['Hel', 'lo'].map((delta) => ({ type: 'response.output_text.delta', delta }))
    expect(outputOf(...deltas, end([]))).toMatchObject([
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] },
    ])
  })

  it("keeps the provider's own output, whatever was streamed", () => {
    expect(outputOf(item(0, CALL), end([MESSAGE]))).toEqual([MESSAGE])
  })

  it('reads the terminal event of a stream that ends without a blank line', () => {
    const bytes = streamOf(typed(end([MESSAGE])))
    expect(gatherResponses(bytes.subarray(0, bytes.length - 2)).kind).toBe('body')
  })

  it.each([
    ['nothing', []],
    ['no terminal event', [item(0, MESSAGE)]],
    ['a failure', [item(0, MESSAGE), { type: 'response.failed', response: { status: 'failed' } }]],
    ['a terminal event without a response', [item(0, MESSAGE), { type: 'response.completed' }]],
  ])('is a failure without an end: %s', (_name, events) => {
    expect(outputOf(...events)).toMatchObject({ channel: 'end', error: { name: 'MissingTerminalEvent' } })
  })
})
