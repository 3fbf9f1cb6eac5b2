import type { SimulatedToolCall } from './scenario.ts'
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

/** The Chat Completions API. Source: recorded streams of the public API, OpenRouter's documentation for `finish_reason: "error"`. */
export const chatAnswers: AnswerWriter = { good, incomplete, failed, empty }

type Fields = Readonly<Record<string, unknown>>

function chunk({ id, model, nowMs }: Told, delta: Fields, finish: string | null = null, more: Fields = {}) {
  return {
    id: `chatcmpl-${id}`,
    object: 'chat.completion.chunk',
    created: Math.floor(nowMs / 1000),
    model,
    service_tier: 'default',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...more,
  }
}

function completion({ id, model, nowMs }: Told, message: Fields, finish: string, more: Fields) {
  return {
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created: Math.floor(nowMs / 1000),
    model,
    choices: [
      { index: 0, message: { role: 'assistant', refusal: null, ...message }, logprobs: null, finish_reason: finish },
    ],
    service_tier: 'default',
    ...more,
  }
}

function usageOf(step: Pick<AnswerStep, 'usage'>) {
  const { inputTokens, outputTokens, cachedTokens } = tokensOf(step)
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    completion_tokens_details: { reasoning_tokens: 0 },
  }
}

function opening(told: Told, more: Fields = {}): SimulatedEvent {
  return { data: chunk(told, { role: 'assistant', content: '', refusal: null }, null, more) }
}

function saying(told: Told, text: string, chunks: number): readonly SimulatedEvent[] {
  return pieces(text, chunks).map((content) => ({ data: chunk(told, { content }), visible: true }))
}

/** Finish, the token count for who asked for it, and the mark that proves nothing. */
function ending(told: Told, finish: string, usage: Fields): readonly SimulatedEvent[] {
  const counted: readonly SimulatedEvent[] = told.includeUsage
    ? [{ data: { ...chunk(told, {}), choices: [], usage } }]
    : []
  return [{ data: chunk(told, {}, finish) }, ...counted, { data: '[DONE]' }]
}

function toolCallEvents(
  told: Told,
  index: number,
  id: string,
  call: SimulatedToolCall,
  chunks: number,
): SimulatedEvent[] {
  // Id and name come only in the first fragment; the rest is told apart by index.
  const first = { index, id, type: 'function', function: { name: call.name, arguments: '' } }
  return [
    { data: chunk(told, { tool_calls: [first] }), visible: true },
    ...pieces(call.arguments, chunks).map(
      (piece): SimulatedEvent => ({
        data: chunk(told, { tool_calls: [{ index, function: { arguments: piece } }] }),
        visible: true,
      }),
    ),
  ]
}

function good(step: AnswerStep, told: Told): SimulatedAnswer {
  const text = step.text ?? DEFAULT_TEXT
  const chunks = step.chunks ?? 4
  const usage = usageOf(step)
  const summary = typeof step.reasoningFirst === 'string' ? step.reasoningFirst : undefined
  const thought = summary === undefined ? {} : { reasoning_content: summary }
  const thinking: readonly SimulatedEvent[] =
    summary === undefined ? [] : [{ data: chunk(told, { reasoning_content: summary }), visible: true }]
  const start = [opening(told, step.unknownFields), ...thinking]
  const calls = toolCallsOf(step, told).map(({ call, told: { id } }) => ({ id: `call_${id}`, call }))
  if (calls.length === 0) {
    return {
      body: completion(told, { content: text, ...thought }, 'stop', { usage, ...step.unknownFields }),
      events: [...start, ...saying(told, text, chunks), ...ending(told, 'stop', usage)],
    }
  }
  const tool_calls = calls.map(({ id, call }) => ({ id, type: 'function', function: call }))
  return {
    body: completion(told, { content: null, tool_calls, ...thought }, 'tool_calls', {
      usage,
      ...step.unknownFields,
    }),
    events: [
      ...start,
      ...calls.flatMap(({ id, call }, index) => toolCallEvents(told, index, id, call, chunks)),
      ...ending(told, 'tool_calls', usage),
    ],
  }
}

function incomplete({ reason }: IncompleteStep, told: Told): SimulatedAnswer {
  const finish = reason === 'max_output_tokens' ? 'length' : 'content_filter'
  const text = reason === 'max_output_tokens' ? 'The answer' : ''
  const usage = usageOf({})
  return {
    body: completion(told, { content: text }, finish, { usage }),
    events: [opening(told), ...saying(told, text, 2), ...ending(told, finish, usage)],
  }
}

function empty(told: Told): SimulatedAnswer {
  const usage = usageOf({ usage: { inputTokens: 12, outputTokens: 0 } })
  return {
    body: completion(told, { content: '' }, 'stop', { usage }),
    events: [opening(told), ...ending(told, 'stop', usage)],
  }
}

function failed(step: FailedStep, told: Told): SimulatedAnswer {
  const { error } = step
  const said = step.textFirst === undefined ? [] : saying(told, step.textFirst, 2)
  if (step.dress === 'finish_reason_error') {
    const choice = { index: 0, finish_reason: 'error', error }
    const message = { role: 'assistant', content: step.textFirst ?? '' }
    return {
      body: { ...completion(told, {}, 'error', {}), choices: [{ ...choice, message }] },
      events: [opening(told), ...said, { data: chunk(told, { content: '' }, 'error', { error }) }, { data: '[DONE]' }],
    }
  }
  return { body: { error }, events: [opening(told), ...said, { data: { error } }] }
}
