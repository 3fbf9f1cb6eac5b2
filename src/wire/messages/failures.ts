import { asNumber, asObject, asText, type JsonObject, parseObject } from '../json.ts'
import { generalBodyFailure } from '../soft-failure.ts'
import type { Usage, WireEvidence } from '../wire.ts'

/**
 * A complete 200 body: a failure in disguise, or undefined when it is an answer.
 * `content: []` with a stop reason is an answer: models end a turn without a word behind a tool result. So is a refusal.
 */
export function messagesBodyFailure(text: string): WireEvidence | undefined {
  const object = parseObject(text)
  const general = generalBodyFailure(text, object)
  if (general !== undefined) return general
  if (Array.isArray(object?.['content']) && asText(object?.['stop_reason']) !== '') return undefined
  return {
    channel: 'end',
    body: text,
    error: { name: 'NotAMessage', message: 'the body is not a complete Message object' },
  }
}

export function messagesUsage(usage: JsonObject | undefined): Usage | undefined {
  if (usage === undefined) return undefined
  const inputTokens = asNumber(usage['input_tokens'])
  const outputTokens = asNumber(usage['output_tokens'])
  const cachedTokens = asNumber(usage['cache_read_input_tokens'])
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(cachedTokens === undefined ? {} : { cachedTokens }),
  }
}

export function bodyUsage(text: string): Usage | undefined {
  return messagesUsage(asObject(parseObject(text)?.['usage']))
}
