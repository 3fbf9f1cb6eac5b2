import type { Failure } from '../failure/evidence.ts'

/** Epoch ms from which this failure says a new try makes sense, if it says so. */
export function returnsAtMs(failure: Failure): number | undefined {
  if (failure.resetAt !== undefined) return failure.resetAt
  if (failure.retryAfterMs !== undefined) return failure.evidence.seenAtMs + failure.retryAfterMs
  return undefined
}

/**
 * The failure that helps the caller most: a fault of the request itself, else the earliest return, else the last thing that happened.
 * A mixed chain that ended on a dead key must not tell "log in again" when an account comes back in five minutes (32790).
 */
export function bestFailure(failures: readonly Failure[]): Failure | undefined {
  const request = failures.findLast((failure) => failure.blame === 'request')
  if (request !== undefined) return request
  let best: Failure | undefined
  for (const failure of failures) {
    const at = returnsAtMs(failure)
    if (at === undefined) continue
    if (best === undefined || at < (returnsAtMs(best) ?? Number.POSITIVE_INFINITY)) best = failure
  }
  return best ?? failures.at(-1)
}
