import type { Failure } from '../failure/evidence.ts'
import { backoffMs } from './backoff.ts'
import type { Action, Policy, PolicyRow } from './policy.ts'

/** A throttle this short is waited out in place when nobody else is ready. */
export const LONGEST_WAIT_IN_PLACE_MS = 3_000
/** "Try another": at most this many other credentials for a fault that is not theirs. */
export const OTHERS_PER_PROVIDER_FAULT = 2

/** Everything a decision depends on besides the failure. Plain data: the same situation always gives the same decision. */
export interface Situation {
  /** Retries made for this label since the last rotation or fallback. */
  readonly retriesDone: number
  /** Other credentials of this pool that are ready for this model and were not tried in their current generation. */
  readonly otherReady: number
  /** Nobody else is ready, but a benched credential may be tested: better than a metered route while an account may be back. */
  readonly trialDue: boolean
  /** Credentials that were tried for a provider's fault on this route so far. */
  readonly othersTried: number
  /** A refresh is possible and was not yet tried for this generation. */
  readonly refreshable: boolean
  /** Another process has already stored a newer generation of this credential. */
  readonly newerGeneration: boolean
  /** A later route of the chain can serve this call. */
  readonly nextRoute: boolean
  /** The repair of the request that fits this failure and was not used yet, and what it changes. */
  readonly repair: string | undefined
  /** Two credentials gave the same verdict and it could be the request's fault: rotating on would only spread it. */
  readonly poisoned: boolean
  /** Ms left of the call's deadline. */
  readonly remainingMs: number
  /** Ms of them that may be waited away: an attempt behind the wait must still have time for an answer. */
  readonly waitableMs: number
  /** This credential is benched for so long, ms. 0 = it is not. */
  readonly benchedMs: number
  readonly retryBudgetLeft: boolean
  /** Something visible has reached the caller: nothing may be replayed (invariant I5). */
  readonly committed: boolean
  /** Uniform in [0, 1), for jitter. */
  readonly chance: number
}

/** What happens next, and why. */
export interface Decision {
  readonly action: Action
  /** Wait before acting, ms. */
  readonly delayMs: number
  readonly reason: string
}

type Feasible = (failure: Failure, situation: Situation, row: PolicyRow) => Decision | undefined

const now = (action: Action, reason: string): Decision => ({ action, delayMs: 0, reason })

/** When each action can be taken: `undefined` = not now, look at the next one of the row. */
const FEASIBLE: Record<Action, Feasible> = {
  refresh: (_, situation) => (situation.refreshable ? now('refresh', 'the token can be refreshed') : undefined),
  reread: (_, situation) =>
    situation.newerGeneration ? now('reread', 'another process has already renewed this credential') : undefined,
  wait: (failure, situation, row) => {
    const hintMs = failure.retryAfterMs
    if (hintMs === undefined || hintMs > LONGEST_WAIT_IN_PLACE_MS || situation.otherReady > 0) return undefined
    return again('wait', `throttled for ${hintMs} ms and no other credential is ready`, failure, situation, row)
  },
  rotate: (failure, situation) => {
    if (situation.poisoned) return undefined
    if (situation.otherReady > 0)
      return now('rotate', `${failure.label}: ${situation.otherReady} other credential(s) ready`)
    return situation.trialDue ? now('rotate', `${failure.label}: another credential is due for its trial`) : undefined
  },
  retry: (failure, situation, row) =>
    // Hops to other credentials come after the retries; going back to retrying would multiply both.
    situation.othersTried > 0
      ? undefined
      : again(
          'retry',
          `${failure.label}: retry ${situation.retriesDone + 1} of ${row.retries.times}`,
          failure,
          situation,
          row,
        ),
  try_another: (failure, situation) =>
    situation.otherReady > 0 && situation.othersTried < OTHERS_PER_PROVIDER_FAULT && !situation.poisoned
      ? now('try_another', `${failure.label} is not this credential's fault; another one may reach another machine`)
      : undefined,
  repair: (_, { repair }) => (repair === undefined ? undefined : now('repair', repair)),
  fallback: (failure, situation) =>
    situation.nextRoute ? now('fallback', `${failure.label}: nothing left on this route`) : undefined,
  surface: (failure) => now('surface', `${failure.label}: nothing left to try`),
  stop: () => now('stop', 'the caller left'),
}

/** A further attempt with the same credential: bounded by the row, the process's budget and the call's deadline. */
function again(
  action: Action,
  reason: string,
  failure: Failure,
  situation: Situation,
  row: PolicyRow,
): Decision | undefined {
  if (situation.retriesDone >= row.retries.times || !situation.retryBudgetLeft) return undefined
  const pauseMs = backoffMs(row.retries, situation.retriesDone, failure.retryAfterMs, situation.chance)
  if (pauseMs === undefined) return undefined
  // A retry that arrives before the bench has ended finds nobody.
  const delayMs = Math.max(pauseMs, situation.benchedMs)
  return delayMs === 0 || delayMs < situation.waitableMs ? { action, delayMs, reason } : undefined
}

/**
 * The first action of the label's row that is feasible now.
 * @returns always a decision: `surface` (or `stop`) when nothing else is left
 */
export function decide(failure: Failure, situation: Situation, policy: Policy): Decision {
  const row = policy[failure.label]
  // Nothing is worth telling a caller who left.
  if (row.tries[0] === 'stop') return now('stop', 'the caller left')
  if (situation.committed) return now('surface', 'output has reached the caller: nothing is replayed')
  if (situation.remainingMs <= 0) return now('surface', "the call's deadline has passed")
  for (const action of row.tries) {
    const decision = FEASIBLE[action](failure, situation, row)
    if (decision !== undefined) return decision
  }
  return now('surface', `${failure.label}: nothing left to try`)
}
