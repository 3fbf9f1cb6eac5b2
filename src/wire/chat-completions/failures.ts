import { asArray, asNumber, asObject, asText, type JsonObject, parseObject } from '../json.ts'
import { generalBodyFailure } from '../soft-failure.ts'
import type { Usage, WireEvidence } from '../wire.ts'

/** Finish reasons that report a fault of the provider instead of an end of the answer. */
const FAILED_FINISHES = new Set(['error', 'insufficient_system_resource', 'abort', 'network_error'])

export function isFailedFinish(reason: string): boolean {
  return FAILED_FINISHES.has(reason)
}

/** A complete 200 body: a failure in disguise, or undefined when it is an answer. */
export function chatBodyFailure(text: string): WireEvidence | undefined {
  const object = parseObject(text)
  const general = generalBodyFailure(text, object)
  if (general !== undefined) return general
  const choices = asArray(object?.['choices'])
  const choice = asObject(choices[0])
  if (choice === undefined) {
    return { channel: 'end', body: text, error: { name: 'EmptyAnswer', message: 'the answer has no choices' } }
  }
  if (isFailedFinish(asText(choice['finish_reason'])) || asObject(choice['error']) !== undefined)
    return { channel: 'body', body: text }
  return hasAnswer(choice) ? undefined : { ...EMPTY_ANSWER, body: text }
}

export const EMPTY_ANSWER: WireEvidence = {
  channel: 'end',
  error: { name: 'EmptyAnswer', message: 'the answer is empty' },
}

/** Ends that explain why there is no word: the caller's token limit, the provider's filter. */
export function endsWordless(finish: string): boolean {
  return finish === 'length' || finish === 'content_filter'
}

/** Text, refusal, reasoning, audio or a tool call; or an end that explains why there is none (length, content filter). */
function hasAnswer(choice: JsonObject): boolean {
  const message = asObject(choice['message'])
  if (message === undefined) return asText(choice['text']) !== ''
  return endsWordless(asText(choice['finish_reason'])) || showsChatOutput(message)
}

/** Whether a message or a delta lets a person or an agent see something. */
export function showsChatOutput(part: JsonObject): boolean {
  const texts = ['content', 'refusal', 'reasoning_content', 'reasoning']
  if (texts.some((name) => asText(part[name]) !== '')) return true
  return (
    asArray(part['content']).length > 0 ||
    asArray(part['tool_calls']).length > 0 ||
    asObject(part['function_call']) !== undefined ||
    asObject(part['audio']) !== undefined ||
    asArray(part['images']).length > 0
  )
}

export function chatUsage(object: JsonObject | undefined): Usage | undefined {
  const usage = asObject(object?.['usage'])
  if (usage === undefined) return undefined
  const inputTokens = asNumber(usage['prompt_tokens'])
  const outputTokens = asNumber(usage['completion_tokens'])
  const cachedTokens = asNumber(asObject(usage['prompt_tokens_details'])?.['cached_tokens'])
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(cachedTokens === undefined ? {} : { cachedTokens }),
  }
}
