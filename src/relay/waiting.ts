import type { Failure } from '../failure/evidence.ts'
import type { Platform } from '../platform/platform.ts'
import type { NothingReady } from '../pool/lease.ts'
import type { CredentialPool } from '../pool/pool.ts'
import type { Call, Route } from './call.ts'
import type { CallBook } from './call-book.ts'
import type { CallState } from './call-state.ts'

/** Waiting for a bench to end is worth it only for limits that clear by themselves. */
const WORTH_WAITING_FOR = new Set(['rate_limit', 'quota_exhausted'])
/** A call waits for a bench to end at most this often, so that a limit that lies about its reset cannot hold a call for ever. */
const WAITS_PER_CALL = 3
/** A call queues this long for a busy credential before it goes to the next route of its chain. */
const LONGEST_QUEUE_BEFORE_FALLBACK_MS = 5_000
/** Behind a wait so much of the deadline stays for the attempt. */
const LEAST_ATTEMPT_MS = 1_000
const LEAST_ATTEMPT_SHARE = 0.05
/** Timers may fire a moment early; a retry that arrives before the bench has ended finds nobody. */
const AFTER_BENCH_MS = 5

export interface WaitTools {
  readonly call: Call
  readonly state: CallState
  readonly book: CallBook
  readonly pool: CredentialPool
  readonly platform: Platform
  /** What may still be waited away, see {@link leastAttemptMs}, ms. */
  readonly waitableMs: number
}

/**
 * What a wait has to leave of a deadline. A request that is sent when the time is up costs the account its price and is cut before its answer:
 * the caller is better told a moment earlier.
 */
export function leastAttemptMs(deadlineMs: number): number {
  return Math.min(LEAST_ATTEMPT_MS, deadlineMs * LEAST_ATTEMPT_SHARE)
}

/** How long to wait for a bench to end, ms. */
export function untilReturnMs(untilMs: number, platform: Platform): number {
  return Math.max(0, untilMs - platform.clock.now()) + AFTER_BENCH_MS
}

/**
 * All that could serve are busy: waits for one to be given back, within the deadline, and only a moment when another route could serve.
 * @returns false when there is no time left to queue
 */
export async function queueForPlace(
  { call, state, book, pool, platform, waitableMs }: WaitTools,
  route: Route,
  nextRoute: boolean,
): Promise<boolean> {
  const nowMs = platform.clock.monotonic()
  if (state.queuedSinceMs === undefined) {
    state.queuedSinceMs = nowMs
    book.step('queue', `every ready credential of ${route.provider} is busy`)
  }
  const patienceMs = nextRoute ? LONGEST_QUEUE_BEFORE_FALLBACK_MS - (nowMs - state.queuedSinceMs) : waitableMs
  const waitMs = Math.min(patienceMs, waitableMs)
  if (waitMs <= 0) return false
  // The pool waits on a real signal; only a call that queues needs one.
  const left = new AbortController()
  const onLeave = () => left.abort()
  if (call.signal.aborted) onLeave()
  call.signal.addEventListener('abort', onLeave)
  await pool.waitForChange(route.provider, waitMs, left.signal)
  call.signal.removeEventListener('abort', onLeave)
  return true
}

/** Waits for the earliest bench to end when that fits the deadline. @returns false when it does not */
export async function waitForReturn(
  { call, state, book, platform, waitableMs }: WaitTools,
  failure: Failure,
  why: NothingReady,
): Promise<boolean> {
  if (state.waits >= WAITS_PER_CALL || why.earliestReturnMs === undefined) return false
  if (!WORTH_WAITING_FOR.has(failure.label) || !WORTH_WAITING_FOR.has(why.bench?.reason ?? '')) return false
  const delayMs = untilReturnMs(why.earliestReturnMs, platform)
  if (delayMs >= waitableMs) return false
  state.waits += 1
  state.tried.clear()
  book.step('wait', `every credential is benched; the first returns in ${Math.ceil(delayMs / 1000)} s`, delayMs)
  await platform.timers.sleep(delayMs, call.signal)
  return true
}
