import type { WireName } from '../wire/wire.ts'
import type { SimulatedError, Step } from './scenario.ts'

/** One event of a stream; `visible` marks the first thing that a person could see. */
export interface SimulatedEvent {
  readonly event?: string
  readonly data: unknown
  readonly visible?: true
}

/** An answer in both of its forms. */
export interface SimulatedAnswer {
  readonly body: unknown
  readonly events: readonly SimulatedEvent[]
}

type AnswerStep = Extract<Step, { kind: 'answer' }>
type FailedStep = Extract<Step, { kind: 'failed' }>

export interface Told {
  readonly id: string
  readonly model: string
  readonly nowMs: number
}

const DEFAULT_TEXT = 'The answer is 42.'

/** A complete good answer, as the real providers send it. */
export function goodAnswer(wire: WireName, step: AnswerStep, told: Told): SimulatedAnswer {
  return GOOD[wire](step, told)
}

/** A failure inside a 200. */
export function failedAnswer(wire: WireName, step: FailedStep, told: Told): SimulatedAnswer {
  return FAILED[wire](step, told)
}

const GOOD: Readonly<Record<WireName, (step: AnswerStep, told: Told) => SimulatedAnswer>> = {
  responses: goodResponse,
  'chat-completions': goodCompletion,
  messages: goodMessage,
}

const FAILED: Readonly<Record<WireName, (step: FailedStep, told: Told) => SimulatedAnswer>> = {
  responses: failedResponse,
  'chat-completions': failedCompletion,
  messages: failedMessage,
}

function pieces(text: string, count: number): readonly string[] {
  const size = Math.max(1, Math.ceil(text.length / Math.max(1, count)))
  return text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'gu')) ?? [text]
}

function numbered(
  events: ReadonlyArray<Omit<SimulatedEvent, 'event'> & { data: Record<string, unknown> }>,
): readonly SimulatedEvent[] {
  return events.map((each, index) => ({
    event: String(each.data['type']),
    data: { ...each.data, sequence_number: index },
    ...(each.visible === undefined ? {} : { visible: each.visible }),
  }))
}

// ---------------------------------------------------------------- Responses

type NumberedInput = { data: Record<string, unknown>; visible?: true }

function responseShell({ id, model, nowMs }: Told) {
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: Math.floor(nowMs / 1000),
    background: false,
    error: null,
    incomplete_details: null,
    model,
    output: [] as unknown[],
    usage: null as unknown,
  }
}

function opening(told: Told): NumberedInput[] {
  const response = { ...responseShell(told), status: 'in_progress' }
  return [{ data: { type: 'response.created', response } }, { data: { type: 'response.in_progress', response } }]
}

function reasoningItem(told: Told) {
  return { id: `rs_${told.id}`, type: 'reasoning', summary: [], encrypted_content: 'gAAAsimulated' }
}

function reasoningEvents(told: Told): NumberedInput[] {
  const item = reasoningItem(told)
  return [
    { data: { type: 'response.output_item.added', output_index: 0, item } },
    { data: { type: 'response.output_item.done', output_index: 0, item } },
  ]
}

function textEvents(told: Told, text: string, index: number, chunks: number): NumberedInput[] {
  const id = `msg_${told.id}`
  const place = { item_id: id, output_index: index, content_index: 0 }
  const part = { type: 'output_text', text, annotations: [] }
  const item = { id, type: 'message', status: 'completed', role: 'assistant', content: [part] }
  return [
    {
      data: {
        type: 'response.output_item.added',
        output_index: index,
        item: { ...item, status: 'in_progress', content: [] },
      },
    },
    { data: { type: 'response.content_part.added', ...place, part: { ...part, text: '' } } },
    ...pieces(text, chunks).map(
      (delta): NumberedInput => ({ data: { type: 'response.output_text.delta', ...place, delta }, visible: true }),
    ),
    { data: { type: 'response.output_text.done', ...place, text } },
    { data: { type: 'response.content_part.done', ...place, part } },
    { data: { type: 'response.output_item.done', output_index: index, item } },
  ]
}

function goodResponse(step: AnswerStep, told: Told): SimulatedAnswer {
  const text = step.text ?? DEFAULT_TEXT
  const before = step.reasoningFirst === true ? [reasoningItem(told)] : []
  const item = {
    id: `msg_${told.id}`,
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [] }],
  }
  const call =
    step.toolCall === undefined
      ? []
      : [
          {
            id: `fc_${told.id}`,
            type: 'function_call',
            status: 'completed',
            call_id: `call_${told.id}`,
            name: step.toolCall.name,
            arguments: step.toolCall.arguments,
          },
        ]
  const output = step.toolCall === undefined ? [...before, item] : [...before, ...call]
  const usage = {
    input_tokens: 12,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 6,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 18,
  }
  const body = { ...responseShell(told), status: 'completed', output, usage, ...step.unknownFields }
  const index = before.length
  const events: NumberedInput[] = [...opening(told), ...(before.length > 0 ? reasoningEvents(told) : [])]
  if (step.unknownFields !== undefined)
    events.push({ data: { type: 'response.simulated_unknown', ...step.unknownFields } })
  if (call[0] === undefined) events.push(...textEvents(told, text, index, step.chunks ?? 4))
  else {
    const place = { item_id: call[0].id, output_index: index }
    events.push(
      {
        data: {
          type: 'response.output_item.added',
          output_index: index,
          item: { ...call[0], status: 'in_progress', arguments: '' },
        },
      },
      ...pieces(call[0].arguments, step.chunks ?? 4).map(
        (delta): NumberedInput => ({
          data: { type: 'response.function_call_arguments.delta', ...place, delta },
          visible: true,
        }),
      ),
      {
        data: {
          type: 'response.function_call_arguments.done',
          ...place,
          name: call[0].name,
          arguments: call[0].arguments,
        },
      },
      { data: { type: 'response.output_item.done', output_index: index, item: call[0] } },
    )
  }
  events.push({ data: { type: 'response.completed', response: body } })
  return { body, events: numbered(events) }
}

function failedResponse(step: FailedStep, told: Told): SimulatedAnswer {
  const output = step.reasoningFirst === true ? [reasoningItem(told)] : []
  const { type: _type, ...short } = step.error
  // `response.error` has code and message; a type without a code stays, as the Codex backend writes it.
  const error = step.error.code === undefined ? step.error : short
  const body = { ...responseShell(told), status: 'failed', error, output }
  const events: NumberedInput[] = [
    ...opening(told),
    ...(step.reasoningFirst === true ? reasoningEvents(told) : []),
    ...(step.textFirst === undefined ? [] : textEvents(told, step.textFirst, output.length, 2)),
    { data: { type: 'error', error: step.error } },
    { data: { type: 'response.failed', response: body } },
  ]
  return { body, events: numbered(events) }
}

// ---------------------------------------------------------------- Chat Completions

function chunk(
  { id, model, nowMs }: Told,
  delta: unknown,
  finish: string | null = null,
  more: Readonly<Record<string, unknown>> = {},
) {
  return {
    id: `chatcmpl-${id}`,
    object: 'chat.completion.chunk',
    created: Math.floor(nowMs / 1000),
    model,
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...more,
  }
}

function goodCompletion(step: AnswerStep, told: Told): SimulatedAnswer {
  const text = step.text ?? DEFAULT_TEXT
  const { toolCall } = step
  const usage = { prompt_tokens: 12, completion_tokens: 6, total_tokens: 18 }
  const calls = toolCall === undefined ? undefined : [{ id: `call_${told.id}`, type: 'function', function: toolCall }]
  const message =
    calls === undefined
      ? { role: 'assistant', content: text, refusal: null }
      : { role: 'assistant', content: null, tool_calls: calls }
  const finish = calls === undefined ? 'stop' : 'tool_calls'
  const body = {
    id: `chatcmpl-${told.id}`,
    object: 'chat.completion',
    created: Math.floor(told.nowMs / 1000),
    model: told.model,
    choices: [{ index: 0, message, finish_reason: finish, logprobs: null }],
    usage,
    ...step.unknownFields,
  }
  const events: SimulatedEvent[] = [
    { data: chunk(told, { role: 'assistant', content: '' }, null, step.unknownFields ?? {}) },
  ]
  if (toolCall === undefined)
    for (const content of pieces(text, step.chunks ?? 4)) events.push({ data: chunk(told, { content }), visible: true })
  else {
    const first = {
      index: 0,
      id: `call_${told.id}`,
      type: 'function',
      function: { name: toolCall.name, arguments: '' },
    }
    events.push({ data: chunk(told, { tool_calls: [first] }), visible: true })
    for (const piece of pieces(toolCall.arguments, step.chunks ?? 4))
      events.push({ data: chunk(told, { tool_calls: [{ index: 0, function: { arguments: piece } }] }) })
  }
  events.push(
    { data: chunk(told, {}, finish) },
    { data: { ...chunk(told, {}), choices: [], usage } },
    { data: '[DONE]' },
  )
  return { body, events }
}

function failedCompletion(step: FailedStep, told: Told): SimulatedAnswer {
  const events: SimulatedEvent[] = [{ data: chunk(told, { role: 'assistant', content: '' }) }]
  for (const content of step.textFirst === undefined ? [] : pieces(step.textFirst, 2))
    events.push({ data: chunk(told, { content }), visible: true })
  events.push({ data: { error: step.error } })
  return { body: { error: step.error }, events }
}

// ---------------------------------------------------------------- Messages

function messageShell({ id, model }: Told) {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [] as unknown[],
    stop_reason: null as string | null,
    stop_sequence: null,
    usage: { input_tokens: 12, output_tokens: 1 },
  }
}

function named(data: Record<string, unknown>, visible?: true): SimulatedEvent {
  return { event: String(data['type']), data, ...(visible === undefined ? {} : { visible }) }
}

function messageText(text: string, chunks: number): SimulatedEvent[] {
  return [
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    named({ type: 'ping' }),
    ...pieces(text, chunks).map((piece) =>
      named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: piece } }, true),
    ),
    named({ type: 'content_block_stop', index: 0 }),
  ]
}

function goodMessage(step: AnswerStep, told: Told): SimulatedAnswer {
  const text = step.text ?? DEFAULT_TEXT
  const { toolCall } = step
  const block =
    toolCall === undefined
      ? { type: 'text', text }
      : {
          type: 'tool_use',
          id: `toolu_${told.id}`,
          name: toolCall.name,
          input: JSON.parse(toolCall.arguments) as unknown,
        }
  const stop = toolCall === undefined ? 'end_turn' : 'tool_use'
  const usage = { input_tokens: 12, output_tokens: 6 }
  const body = { ...messageShell(told), content: [block], stop_reason: stop, usage, ...step.unknownFields }
  const events: SimulatedEvent[] = [
    named({ type: 'message_start', message: { ...messageShell(told), ...step.unknownFields } }),
  ]
  if (toolCall === undefined) events.push(...messageText(text, step.chunks ?? 4))
  else {
    events.push(named({ type: 'content_block_start', index: 0, content_block: { ...block, input: {} } }, true))
    for (const piece of pieces(toolCall.arguments, step.chunks ?? 4))
      events.push(
        named({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: piece } }),
      )
    events.push(named({ type: 'content_block_stop', index: 0 }))
  }
  events.push(
    named({ type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 6 } }),
    named({ type: 'message_stop' }),
  )
  return { body, events }
}

function failedMessage(step: FailedStep, told: Told): SimulatedAnswer {
  const error = { type: 'error', error: anthropicError(step.error), request_id: `req_${told.id}` }
  const events = [
    named({ type: 'message_start', message: messageShell(told) }),
    ...(step.textFirst === undefined ? [] : messageText(step.textFirst, 2).slice(0, -1)),
    named(error),
  ]
  return { body: error, events }
}

function anthropicError({ code, type, ...rest }: SimulatedError) {
  return { type: type ?? 'api_error', ...rest, ...(code === undefined ? {} : { details: { error_code: code } }) }
}
