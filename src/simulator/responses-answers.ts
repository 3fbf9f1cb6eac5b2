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

interface Draft {
  readonly data: Readonly<Record<string, unknown>>
  readonly visible?: true
}

/** The Responses API. Source: recorded streams of the public API and of the Codex backend, to 2026-11. */
export const responsesAnswers: AnswerWriter = { good, incomplete, failed, empty }

function shell({ id, model, nowMs }: Told) {
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: Math.floor(nowMs / 1000),
    status: 'in_progress',
    background: false,
    error: null as unknown,
    incomplete_details: null as unknown,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model,
    output: [] as readonly unknown[],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
    store: false,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: null as unknown,
    user: null,
  }
}

function usageOf(step: Pick<AnswerStep, 'usage'>) {
  const { inputTokens, outputTokens, cachedTokens } = tokensOf(step)
  return {
    input_tokens: inputTokens,
    // The Codex CLI drops the whole answer when this object is there without its field.
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  }
}

function opening(told: Told): readonly Draft[] {
  const response = shell(told)
  return [{ data: { type: 'response.created', response } }, { data: { type: 'response.in_progress', response } }]
}

/** Numbers the events, as the real API does. */
function stream(drafts: readonly Draft[]): readonly SimulatedEvent[] {
  return drafts.map(({ data, visible }, index) => ({
    event: String(data['type']),
    data: { ...data, sequence_number: index },
    ...(visible === undefined ? {} : { visible }),
  }))
}

/** One output item and the events that build it. */
interface Item {
  readonly item: Readonly<Record<string, unknown>>
  readonly events: readonly Draft[]
}

function reasoning(told: Told, index: number, summary: string): Item {
  const id = `rs_${told.id}`
  const place = { item_id: id, output_index: index, summary_index: 0 }
  const part = { type: 'summary_text', text: summary }
  const item = {
    id,
    type: 'reasoning',
    summary: summary === '' ? [] : [part],
    encrypted_content: `gAAAAsimulated${told.id}`,
  }
  const parts: readonly Draft[] =
    summary === ''
      ? []
      : [
          { data: { type: 'response.reasoning_summary_part.added', ...place, part: { ...part, text: '' } } },
          { data: { type: 'response.reasoning_summary_text.delta', ...place, delta: summary }, visible: true },
          { data: { type: 'response.reasoning_summary_text.done', ...place, text: summary } },
          { data: { type: 'response.reasoning_summary_part.done', ...place, part } },
        ]
  return { item, events: [added(index, { ...item, summary: [] }), ...parts, done(index, item)] }
}

function message(told: Told, index: number, text: string, chunks: number): Item {
  const id = `msg_${told.id}`
  const place = { item_id: id, output_index: index, content_index: 0 }
  const part = { type: 'output_text', annotations: [], logprobs: [], text }
  const item = { id, type: 'message', status: 'completed', role: 'assistant', content: [part] }
  return {
    item,
    events: [
      added(index, { ...item, status: 'in_progress', content: [] }),
      { data: { type: 'response.content_part.added', ...place, part: { ...part, text: '' } } },
      ...pieces(text, chunks).map(
        (delta): Draft => ({
          data: { type: 'response.output_text.delta', ...place, delta, logprobs: [] },
          visible: true,
        }),
      ),
      { data: { type: 'response.output_text.done', ...place, text, logprobs: [] } },
      { data: { type: 'response.content_part.done', ...place, part } },
      done(index, item),
    ],
  }
}

function functionCall(told: Told, index: number, call: SimulatedToolCall, chunks: number): Item {
  const id = `fc_${told.id}`
  const place = { item_id: id, output_index: index }
  const item = { id, type: 'function_call', status: 'completed', call_id: `call_${told.id}`, ...call }
  return {
    item,
    events: [
      added(index, { ...item, status: 'in_progress', arguments: '' }),
      ...pieces(call.arguments, chunks).map(
        (delta): Draft => ({
          data: { type: 'response.function_call_arguments.delta', ...place, delta },
          visible: true,
        }),
      ),
      { data: { type: 'response.function_call_arguments.done', ...place, ...call } },
      done(index, item),
    ],
  }
}

function added(index: number, item: unknown): Draft {
  return { data: { type: 'response.output_item.added', output_index: index, item } }
}

function done(index: number, item: unknown): Draft {
  return { data: { type: 'response.output_item.done', output_index: index, item } }
}

function good(step: AnswerStep, told: Told): SimulatedAnswer {
  const chunks = step.chunks ?? 4
  const { reasoningFirst } = step
  const first = reasoningFirst === undefined ? [] : [reasoning(told, 0, reasoningFirst === true ? '' : reasoningFirst)]
  const calls = toolCallsOf(step, told).map((each, at) => functionCall(each.told, first.length + at, each.call, chunks))
  const items = [
    ...first,
    ...(calls.length === 0 ? [message(told, first.length, step.text ?? DEFAULT_TEXT, chunks)] : calls),
  ]
  const body = {
    ...shell(told),
    status: 'completed',
    output: items.map(({ item }) => item),
    usage: usageOf(step),
    ...step.unknownFields,
  }
  const unknown: readonly Draft[] =
    step.unknownFields === undefined ? [] : [{ data: { type: 'response.simulated_unknown', ...step.unknownFields } }]
  return {
    body,
    events: stream([
      ...opening(told),
      ...unknown,
      ...items.flatMap(({ events }) => events),
      { data: { type: 'response.completed', response: body } },
    ]),
  }
}

function incomplete({ reason }: IncompleteStep, told: Told): SimulatedAnswer {
  const said = reason === 'max_output_tokens' ? [message(told, 0, 'The answer', 2)] : []
  const body = {
    ...shell(told),
    status: 'incomplete',
    incomplete_details: { reason },
    output: said.map(({ item }) => ({ ...item, status: 'incomplete' })),
    usage: usageOf({}),
  }
  const end: Draft = { data: { type: 'response.incomplete', response: body } }
  return { body, events: stream([...opening(told), ...said.flatMap(({ events }) => events), end]) }
}

function empty(told: Told): SimulatedAnswer {
  const body = { ...shell(told), status: 'completed', usage: usageOf({ usage: { inputTokens: 12, outputTokens: 0 } }) }
  return { body, events: stream([...opening(told), { data: { type: 'response.completed', response: body } }]) }
}

function failed(step: FailedStep, told: Told): SimulatedAnswer {
  const first = step.reasoningFirst === true ? [reasoning(told, 0, '')] : []
  const said = step.textFirst === undefined ? [] : [message(told, first.length, step.textFirst, 2)]
  const items = [...first, ...said]
  const body = {
    ...shell(told),
    status: 'failed',
    error: responseError(step.error),
    output: items.map(({ item }) => item),
  }
  const error: Draft = { data: { type: 'error', error: { param: null, ...step.error } } }
  const { type: _type, ...flat } = step.error
  const endings = {
    error_and_failed: [error, { data: { type: 'response.failed', response: body } }],
    error_event: [error],
    flat_error_event: [{ data: { code: step.error.type ?? null, param: null, ...flat, type: 'error' } }],
    failed_event: [{ data: { type: 'response.failed', response: body } }],
  } as const satisfies Record<string, readonly Draft[]>
  const dress = step.dress ?? 'error_and_failed'
  const ending = dress in endings ? endings[dress as keyof typeof endings] : endings.error_and_failed
  return { body, events: stream([...opening(told), ...items.flatMap(({ events }) => events), ...ending]) }
}

/** `response.error` has code and message; a type without a code stays, as the Codex backend writes it. */
function responseError(error: SimulatedError): Readonly<Record<string, unknown>> {
  if (error.code === undefined) return error
  const { type: _type, ...short } = error
  return short
}
