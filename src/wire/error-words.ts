import type { FailureLabel } from '../failure/labels.ts'
import type { GivenUp } from './wire.ts'

/** Clients sleep out hints up to this long by themselves; past it they must be told not to (the Anthropic SDK would sleep for days). */
const LONGEST_CLIENT_WAIT_MS = 60_000

/** Labels for which the same request at once cannot end differently, so that a client's own retries only cost time. */
const RETRY_CANNOT_HELP: ReadonlySet<FailureLabel> = new Set([
  'auth_expired',
  'auth_revoked',
  'quota_exhausted',
  'billing',
  'entitlement',
  'model_not_found',
  'context_overflow',
  'payload_too_large',
  'invalid_request',
  'content_policy',
])

/** The gateway's own errors that a moment changes: a client that tries again finds the restarted gateway. */
const OWN_AND_PASSING: ReadonlySet<string> = new Set(['shutting_down', 'request_timeout'])

/** What a person can do about each label, as the second half of the error's message. */
export const NEXT_STEP: Record<FailureLabel, string> = {
  auth_expired: 'Renew the login: sparekey auth list shows which one.',
  auth_revoked: 'The credential is no longer accepted: sparekey auth list shows which one; add it again.',
  rate_limit: 'Try again shortly, or add another credential.',
  quota_exhausted: 'Wait for the reset, add another account, or add a fallback route.',
  billing: 'Top up the account, add another credential, or add a fallback route.',
  entitlement: 'This account may not use the model: ask for another model or add an account that may.',
  overloaded: 'The provider is at capacity: try again shortly or add a fallback route.',
  server_error: 'The provider failed: try again, or add a fallback route.',
  model_not_found: 'Check the model name: GET /v1/models lists what is configured.',
  invalid_response: 'The provider answered nonsense: try again, or add a fallback route.',
  timeout: 'The provider did not answer in time: try again, or raise limits in config.yaml.',
  connection: 'The provider could not be reached or the stream was cut: try again.',
  context_overflow: 'Shorten the conversation or choose a model with a larger window.',
  payload_too_large: 'Send a smaller body, image or file.',
  invalid_request: 'Correct the request.',
  content_policy: 'The provider refused the content.',
  cancelled: 'The caller left.',
  unknown: 'sparekey status and the log tell more.',
}

export interface RetryWords {
  /** True seconds until a new try makes sense, rounded up. */
  readonly retryAfterSeconds?: number
  readonly headers: ReadonlyArray<readonly [string, string]>
}

/** Epoch ms at which trying again makes sense, if anybody knows. */
export function returnsAt(given: GivenUp): number | undefined {
  const { failure } = given
  if (given.earliestReturnMs !== undefined) return given.earliestReturnMs
  if (failure.resetAt !== undefined) return failure.resetAt
  return failure.retryAfterMs === undefined ? undefined : failure.evidence.seenAtMs + failure.retryAfterMs
}

/** `retry-after` in true seconds, and `x-should-retry: false` wherever a client's own retry would be wasted or too early. */
export function retryWords(given: GivenUp): RetryWords {
  const at = returnsAt(given)
  const waitMs = at === undefined ? undefined : Math.max(0, at - given.nowMs)
  const hopeless =
    given.code === undefined ? RETRY_CANNOT_HELP.has(given.failure.label) : !OWN_AND_PASSING.has(given.code)
  const tooLong = waitMs !== undefined && waitMs > LONGEST_CLIENT_WAIT_MS
  const retryAfterSeconds =
    waitMs === undefined || !tellsWait(given) ? undefined : Math.max(1, Math.ceil(waitMs / 1000))
  const headers: Array<readonly [string, string]> = [['content-type', 'application/json']]
  if (retryAfterSeconds !== undefined) headers.push(['retry-after', String(retryAfterSeconds)])
  if (hopeless || tooLong) headers.push(['x-should-retry', 'false'])
  return { headers, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
}

function tellsWait(given: GivenUp): boolean {
  return given.failure.blame === 'credential' || given.failure.blame === 'provider'
}

const ASK_AGAIN =
  'The answer broke off: the same request again starts anew, with another credential where there is one.'

/** Whether the caller of an answer that broke off gets further by asking again: whose fault it was, is dealt with by then. */
export function asksAgain({ isLate, failure }: GivenUp): boolean {
  return isLate === true && failure.blame !== 'request' && failure.blame !== 'caller'
}

/** What happened and what to do next, in two sentences. */
export function errorMessage(given: GivenUp): string {
  const { failure, withheld = [] } = given
  const possible = withheld.map(({ route, reason }) => ` Possible and not taken: ${route} ${reason}.`).join('')
  if (given.code !== undefined) return failure.message + possible
  const said = failure.message.trim().replace(/[.\s]+$/, '')
  const next = asksAgain(given) ? ASK_AGAIN : NEXT_STEP[failure.label]
  return `${said === '' ? failure.label : said}. ${next}${possible}`
}

/** The part that only sparekey knows: label, code, every attempt, earliest return. Never a secret. */
export function sparekeyDetails(given: GivenUp, isoText: (epochMs: number) => string = toIso): Record<string, unknown> {
  const at = returnsAt(given)
  return {
    code: given.code ?? given.failure.label,
    label: given.failure.label,
    rule: given.failure.rule,
    ...(at === undefined ? {} : { earliest_return: isoText(at), retry_after_ms: Math.max(0, at - given.nowMs) }),
    attempts: given.attempts,
    ...(given.withheld === undefined ? {} : { withheld: given.withheld }),
  }
}

/** ISO text without the clock: `Date` with an argument reads no time. */
function toIso(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
