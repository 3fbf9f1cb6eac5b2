import { asArray, asNumber, asObject, asText, type JsonObject, parseObject } from '../json.ts'
import { generalBodyFailure, saysError } from '../soft-failure.ts'
import type { Usage, WireEvidence } from '../wire.ts'

/** Reasons that an answer was cut short on purpose: by the caller's own limit or by the caller. */
const CUT_ON_PURPOSE = new Set(['max_output_tokens', 'max_messages', 'max_tool_calls', 'steered'])

/** What a Response object may say about itself. Anything else there (`"status": "error"`) is not a Response. */
const STATUSES = new Set(['completed', 'failed', 'in_progress', 'cancelled', 'queued', 'incomplete'])

/**
 * Judges a Response object by its status.
 * @param hadOutput something visible was streamed before
 * @returns undefined when it is an answer, complete or cut short by the caller's own token limit
 */
export function responseFailure(response: JsonObject, hadOutput: boolean): WireEvidence | undefined {
  const status = asText(response['status'])
  if (status === 'failed' || status === 'cancelled') return { channel: 'body' }
  if (status === 'incomplete') {
    const reason = asText(asObject(response['incomplete_details'])?.['reason'])
    const empty = !hadOutput && !asArray(response['output']).some((item) => showsSomething(asObject(item)))
    if (!empty || CUT_ON_PURPOSE.has(reason)) return undefined
    return reason === 'content_filter' || saysError(response) ? { channel: 'body' } : EMPTY_INCOMPLETE
  }
  return saysError(response) ? { channel: 'body' } : undefined
}

const EMPTY_INCOMPLETE: WireEvidence = {
  channel: 'end',
  error: { name: 'EmptyAnswer', message: 'the response is incomplete and shows nothing' },
}

/** A complete 200 body: a failure in disguise, or undefined when it is an answer. */
export function responsesBodyFailure(text: string): WireEvidence | undefined {
  const object = parseObject(text)
  const status = asText(object?.['status'])
  if (object === undefined || !STATUSES.has(status))
    return generalBodyFailure(text, object) ?? missingStatus(object, text)
  const failure = responseFailure(object, false)
  if (failure !== undefined) return { ...failure, body: text }
  const output = asArray(object['output'])
  if (status === 'completed' && output.length === 0) {
    return { channel: 'end', error: { name: 'EmptyAnswer', message: 'the response completed without any output' } }
  }
  return undefined
}

/** Servers that imitate the protocol leave the status out; output is then the only sign of an answer. */
function missingStatus(object: JsonObject | undefined, text: string): WireEvidence | undefined {
  return asArray(object?.['output']).length > 0
    ? undefined
    : { channel: 'end', body: text, error: { name: 'NotAResponse', message: 'the body is not a Response object' } }
}

/** Whether a complete output item lets a person or an agent see something. A reasoning item without text does not. */
export function showsSomething(item: JsonObject | undefined): boolean {
  if (item === undefined) return false
  const type = asText(item['type'])
  if (type === 'reasoning') {
    return [...asArray(item['summary']), ...asArray(item['content'])].some(
      (part) => asText(asObject(part)?.['text']) !== '',
    )
  }
  if (type === 'message') {
    return asArray(item['content']).some((part) => {
      const object = asObject(part)
      return asText(object?.['text']) !== '' || asText(object?.['refusal']) !== ''
    })
  }
  return type !== ''
}

export function usageOf(response: JsonObject | undefined): Usage | undefined {
  const usage = asObject(response?.['usage'])
  if (usage === undefined) return undefined
  const inputTokens = asNumber(usage['input_tokens'])
  const outputTokens = asNumber(usage['output_tokens'])
  const cachedTokens = asNumber(asObject(usage['input_tokens_details'])?.['cached_tokens'])
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(cachedTokens === undefined ? {} : { cachedTokens }),
  }
}
