import type { SimulatedError, SimulatedToolCall } from './scenario.ts'
import {
  type AnswerStep,
  type AnswerWriter,
  DEFAULT_TEXT,
  type FailedStep,
  type IncompleteStep,
  pieces,
  type SimulatedAnswer,
  type SimulatedEvent,
  type Told,
  tokensOf,
  toolCallsOf,
} from './simulated-answer.ts'

/** Anthropic's Messages API. Source: Anthropic's streaming documentation and SDK declarations 1.12.0, 2026-11. */
export const messagesAnswers: AnswerWriter = { good, incomplete, failed, empty }

type Fields = Readonly<Record<string, unknown>>

function shell({ id, model }: Told, usage: Fields) {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [] as readonly unknown[],
    stop_reason: null as string | null,
    stop_sequence: null,
    usage,
  }
}

function usageOf(step: Pick<AnswerStep, 'usage'>) {
  const { inputTokens, outputTokens, cachedTokens } = tokensOf(step)
  return {
    // Without the cached ones, unlike OpenAI.
    input_tokens: Math.max(0, inputTokens - cachedTokens),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
    output_tokens: outputTokens,
    service_tier: 'standard',
  }
}

/** SDKs dispatch on the event name; an event without one is skipped. */
function named(data: Fields, visible?: true): SimulatedEvent {
  return { event: String(data['type']), data, ...(visible === undefined ? {} : { visible }) }
}

/** One content block and the events that build it. */
interface Block {
  readonly block: Fields
  readonly events: readonly SimulatedEvent[]
}

function build(index: number, block: Fields, empty: Fields, deltas: readonly (readonly [Fields, true?])[]): Block {
  return {
    block,
    events: [
      named({ type: 'content_block_start', index, content_block: empty }),
      ...deltas.map(([delta, visible]) => named({ type: 'content_block_delta', index, delta }, visible)),
      named({ type: 'content_block_stop', index }),
    ],
  }
}

function thinking(told: Told, index: number, summary: string): Block {
  const signature = `Esimulated${told.id}`
  const block = { type: 'thinking', thinking: summary, signature }
  return build(index, block, { type: 'thinking', thinking: '', signature: '' }, [
    ...(summary === '' ? [] : [[{ type: 'thinking_delta', thinking: summary }, true] as const]),
    [{ type: 'signature_delta', signature }],
  ])
}

function textBlock(index: number, text: string, chunks: number): Block {
  const deltas = pieces(text, chunks).map((piece) => [{ type: 'text_delta', text: piece }, true] as const)
  return build(index, { type: 'text', text }, { type: 'text', text: '' }, deltas)
}

function toolUse(told: Told, index: number, call: SimulatedToolCall, chunks: number): Block {
  const empty = { type: 'tool_use', id: `toolu_${told.id}`, name: call.name, input: {} }
  const block = { ...empty, input: JSON.parse(call.arguments) as unknown }
  const deltas = pieces(call.arguments, chunks).map(
    (piece) => [{ type: 'input_json_delta', partial_json: piece }, true] as const,
  )
  const { events } = build(index, block, empty, deltas)
  // A tool's name is already something to act on.
  return { block, events: events.map((event, at) => (at === 0 ? { ...event, visible: true } : event)) }
}

function start(told: Told, usage: Fields, more: Fields = {}): readonly SimulatedEvent[] {
  const message = { ...shell(told, { ...usage, output_tokens: 1 }), ...more }
  return [named({ type: 'message_start', message }), named({ type: 'ping' })]
}

function end(stop: string, usage: { readonly output_tokens: number }): readonly SimulatedEvent[] {
  const delta = { stop_reason: stop, stop_sequence: null }
  return [
    named({ type: 'message_delta', delta, usage: { output_tokens: usage.output_tokens } }),
    named({ type: 'message_stop' }),
  ]
}

function good(step: AnswerStep, told: Told): SimulatedAnswer {
  const chunks = step.chunks ?? 4
  const usage = usageOf(step)
  const { reasoningFirst } = step
  const first = reasoningFirst === undefined ? [] : [thinking(told, 0, reasoningFirst === true ? '' : reasoningFirst)]
  const calls = toolCallsOf(step, told).map((each, at) => toolUse(each.told, first.length + at, each.call, chunks))
  const last = calls.length === 0 ? [textBlock(first.length, step.text ?? DEFAULT_TEXT, chunks)] : calls
  const blocks = [...first, ...last]
  const stop = calls.length === 0 ? 'end_turn' : 'tool_use'
  const unknown = step.unknownFields === undefined ? [] : [named({ type: 'simulated_unknown', ...step.unknownFields })]
  return {
    body: {
      ...shell(told, usage),
      content: blocks.map(({ block }) => block),
      stop_reason: stop,
      ...step.unknownFields,
    },
    events: [
      ...start(told, usage, step.unknownFields),
      ...unknown,
      ...blocks.flatMap(({ events }) => events),
      ...end(stop, usage),
    ],
  }
}

function incomplete({ reason }: IncompleteStep, told: Told): SimulatedAnswer {
  const usage = usageOf({})
  const stop = reason === 'max_output_tokens' ? 'max_tokens' : 'refusal'
  const said = reason === 'max_output_tokens' ? [textBlock(0, 'The answer', 2)] : []
  return {
    body: { ...shell(told, usage), content: said.map(({ block }) => block), stop_reason: stop },
    events: [...start(told, usage), ...said.flatMap(({ events }) => events), ...end(stop, usage)],
  }
}

function empty(told: Told): SimulatedAnswer {
  const usage = usageOf({ usage: { inputTokens: 12, outputTokens: 0 } })
  return {
    body: { ...shell(told, usage), stop_reason: 'end_turn' },
    events: [...start(told, usage), ...end('end_turn', usage)],
  }
}

function failed(step: FailedStep, told: Told): SimulatedAnswer {
  const body = { type: 'error', error: anthropicError(step.error), request_id: `req_${told.id}` }
  if (step.dress === 'first_event') return { body, events: [named(body)] }
  const first = step.reasoningFirst === true ? thinking(told, 0, '').events : []
  const index = first.length === 0 ? 0 : 1
  // The block that was being written is left open.
  const said = step.textFirst === undefined ? [] : textBlock(index, step.textFirst, 2).events.slice(0, -1)
  return { body, events: [...start(told, usageOf({})), ...first, ...said, named(body)] }
}

function anthropicError({ code, type, ...rest }: SimulatedError) {
  return { type: type ?? 'api_error', ...rest, ...(code === undefined ? {} : { details: { error_code: code } }) }
}
