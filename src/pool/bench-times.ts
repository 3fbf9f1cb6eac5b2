import type { Failure } from '../failure/evidence.ts'
import type { BenchTerms } from '../recovery/policy.ts'
import type { BenchEvidence } from './bench.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** No announced reset is believed beyond this: a monthly window and a margin (a sole key was lost for 98 h and 15 days: 119163). */
export const LONGEST_BENCH_MS = 45 * DAY

/** Dead credentials end here unless a new generation comes first: every bench ends (I13). */
export const DEAD_HORIZON_MS = 30 * DAY

/** A reset that is already past says "any moment now"; without a floor the account would be hammered. */
const STALE_RESET_MS = MINUTE

/** First trials after this long, then doubling. */
const FIRST_TRIAL_MS = 15 * MINUTE
/** The same for the only credential of a caller without fallback (53041: benched an hour for one 429). */
const FIRST_TRIAL_OF_LAST_HOPE_MS = MINUTE
const LONGEST_TRIAL_DISTANCE_MS = 6 * HOUR

export interface BenchEnd {
  readonly untilMs: number
  readonly timeSource: BenchEvidence['timeSource']
  readonly dead: boolean
}

/**
 * When a bench of these terms ends.
 * @param strikes failures of this kind in a row, this one included (from 1)
 * @returns undefined when the terms bench nobody
 */
export function benchEnd(terms: BenchTerms, failure: Failure, strikes: number, nowMs: number): BenchEnd | undefined {
  if (terms.kind === 'none') return undefined
  if (terms.kind === 'dead') return { untilMs: nowMs + DEAD_HORIZON_MS, timeSource: 'guess', dead: true }
  if (terms.kind === 'ladder') return guess(nowMs, doubled(terms.baseMs, strikes - 1, terms.capMs))
  const announcedMs = announcedEnd(failure)
  if (terms.kind === 'reset') {
    if (announcedMs === undefined) return guess(nowMs, terms.otherwiseMs)
    return reading(failure, nowMs, Math.max(announcedMs, nowMs + STALE_RESET_MS))
  }
  // A hint that has passed while the verdict travelled counts as none: a bench of zero length would be a busy loop.
  if (announcedMs === undefined || announcedMs <= nowMs)
    return guess(nowMs, doubled(terms.baseMs, strikes - 1, terms.capMs))
  return reading(failure, nowMs, announcedMs)
}

/** When one call may test the bench; never later than its end. */
export function trialTime(
  bench: { readonly reason: Failure['label']; readonly untilMs: number; readonly dead: boolean },
  failedTrials: number,
  lastHope: boolean,
  nowMs: number,
): number {
  if (bench.dead) return bench.untilMs
  const tested = lastHope || bench.reason === 'quota_exhausted' || bench.reason === 'billing'
  if (!tested) return bench.untilMs
  const firstMs = lastHope ? FIRST_TRIAL_OF_LAST_HOPE_MS : FIRST_TRIAL_MS
  return Math.min(bench.untilMs, nowMs + doubled(firstMs, failedTrials, LONGEST_TRIAL_DISTANCE_MS))
}

/** `base x 2^times`, at most `cap`; finite for any count. */
export function doubled(baseMs: number, times: number, capMs: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(Math.max(0, times), 40))
}

/** The end that the provider gave, as epoch ms. A duration counts from when it was seen, not from when it is written down. */
function announcedEnd(failure: Failure): number | undefined {
  if (isTime(failure.resetAt)) return failure.resetAt
  if (isTime(failure.retryAfterMs)) return failure.evidence.seenAtMs + failure.retryAfterMs
  return undefined
}

function isTime(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value)
}

function reading(failure: Failure, nowMs: number, untilMs: number): BenchEnd {
  return {
    // Whole ms: a reset of 17.25 s must read the same before and after it was stored.
    untilMs: Math.ceil(Math.min(untilMs, nowMs + LONGEST_BENCH_MS)),
    timeSource: failure.timeSource === 'header' ? 'header' : 'stated',
    dead: false,
  }
}

function guess(nowMs: number, forMs: number): BenchEnd {
  return {
    untilMs: Math.ceil(nowMs + Math.min(Math.max(1, forMs), LONGEST_BENCH_MS)),
    timeSource: 'guess',
    dead: false,
  }
}
