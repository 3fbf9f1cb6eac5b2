import type { FailureLabel } from '../../failure/labels.ts'
import { asksAgain, errorMessage, retryWords } from '../error-words.ts'
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
  // Behind output the hint is that of one credential: the same request again finds another one at once, or is told how long to wait.
  const hint = given.failure.label === 'rate_limit' && retryAfterSeconds !== undefined && !asksAgain(given)
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

/** What the Codex CLI takes as final, or sleeps out as long as the message says: behind output it asks again at once on any other code. */
const NOT_AT_ONCE: ReadonlySet<FailureLabel> = new Set(['billing', 'overloaded', 'rate_limit'])

/**
 * `usage_limit_reached` inside a stream makes the Codex CLI retry five times; `insufficient_quota` is final for it. Once a pool has nothing
 * left the retries are in vain; behind output one of them is the rescue.
 */
function streamCode(given: GivenUp, code: unknown): unknown {
  const { label } = given.failure
  if (asksAgain(given)) return NOT_AT_ONCE.has(label) ? OPENAI_SKIN.server_error.code : code
  return label === 'quota_exhausted' ? OPENAI_SKIN.billing.code : code
}
