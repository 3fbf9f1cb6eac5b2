import { errorMessage, retryWords } from '../error-words.ts'
import { asObject, asText, parseObject } from '../json.ts'
import { openAiError, OPENAI_SKIN, renderOpenAiError } from '../openai-error.ts'
import { encodeSse } from '../sse.ts'
import type { GivenUp, RequestFacts, WireProtocol } from '../wire.ts'
import { ResponsesStreamObserver } from './events.ts'
import { responsesBodyFailure, usageOf } from './failures.ts'

/** OpenAI's Responses API. */
export const responsesWire: WireProtocol = {
  name: 'responses',
  path: '/responses',
  readRequest,
  bodyFailure: responsesBodyFailure,
  bodyUsage: (text) => usageOf(parseObject(text)),
  observeStream: () => new ResponsesStreamObserver(),
  renderError: renderOpenAiError,
  renderStreamError,
  // The Codex CLI re-arms its idle timer on events only; comments do not count, an unknown event does.
  heartbeat: () => encodeSse({ name: 'response.heartbeat', data: '{"type":"response.heartbeat"}' }),
}

function readRequest(body: unknown): RequestFacts | undefined {
  const object = asObject(body)
  if (object === undefined) return undefined
  return { model: asText(object['model']) || undefined, stream: object['stream'] === true }
}

/** First `error` (the OpenAI SDK throws on it, flat and nested readers both find theirs), then `response.failed` (the Codex CLI reads that one). */
function renderStreamError(given: GivenUp): string {
  const error = openAiError(given)
  const { code } = error
  const { retryAfterSeconds } = retryWords(given)
  const hint = given.failure.label === 'rate_limit' && retryAfterSeconds !== undefined
  // The Codex CLI takes the delay from this very wording.
  const message = hint ? `${errorMessage(given)} Please try again in ${retryAfterSeconds}s.` : errorMessage(given)
  const flat = { type: 'error', code, message, param: null, error: { ...error, message } }
  const failed = {
    type: 'response.failed',
    response: {
      id: 'resp_sparekey_failed',
      object: 'response',
      created_at: Math.floor(given.nowMs / 1000),
      status: 'failed',
      error: { code: streamCode(given, code), message },
      incomplete_details: null,
      output: [],
      usage: null,
    },
  }
  return (
    encodeSse({ name: 'error', data: JSON.stringify(flat) }) +
    encodeSse({ name: 'response.failed', data: JSON.stringify(failed) })
  )
}

/**
 * `usage_limit_reached` inside a stream makes the Codex CLI retry five times; `insufficient_quota` is final for it.
 */
function streamCode(given: GivenUp, code: unknown): unknown {
  return given.failure.label === 'quota_exhausted' ? OPENAI_SKIN.billing.code : code
}
