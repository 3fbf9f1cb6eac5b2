import { type Bench, EVERY_MODEL } from './bench.ts'
import { LONGEST_BENCH_MS, trialTime } from './bench-times.ts'
import type { Credential, Secret } from './credential.ts'
import type { QuotaWindow } from './quota.ts'

/** What a provider's usage endpoint told about one credential. */
export interface UsageAnswer {
  readonly windows: readonly QuotaWindow[]
  readonly planType?: string
  readonly creditsBalance?: number
  /** There is something left to pay with; absent = not told. */
  readonly hasCredits?: boolean
  /** Epoch ms per model at which it returns. */
  readonly modelReturns?: Readonly<Record<string, number>>
}

/** Asks the usage endpoint. Must not throw. @returns undefined when nothing was learnt: no endpoint, no answer, an expired token (89415) */
export type ProbeUsage = (credential: Credential, secret: Secret) => Promise<UsageAnswer | undefined>

const FULL_PERCENT = 100

/**
 * What a usage reading makes of a bench. Pure.
 * @param planBefore the plan that was known before the reading
 * @param askedAtMs epoch ms at which the endpoint was asked: a verdict that is newer than that is not touched
 * @returns `null` lifts the bench, a bench replaces it, `undefined` = the reading says nothing about it
 */
export function benchAfterUsage(
  bench: Bench,
  usage: UsageAnswer,
  planBefore: string | undefined,
  askedAtMs: number,
  nowMs: number,
): Bench | null | undefined {
  if (bench.dead || bench.evidence.seenAtMs > askedAtMs) return undefined
  if (bench.reason === 'billing') return usage.hasCredits === true ? null : undefined
  if (bench.reason !== 'quota_exhausted') return undefined
  const returnsAtMs = usage.modelReturns?.[bench.scope]
  const relevant = usage.windows.filter((window) => window.model === undefined || window.model === bench.scope)
  const full = relevant.filter((window) => window.usedPercent >= FULL_PERCENT && (window.resetAt ?? Infinity) > nowMs)
  if (full.length > 0) return stands(bench, latestReset(full), nowMs)
  if (returnsAtMs !== undefined && returnsAtMs > nowMs) return stands(bench, returnsAtMs, nowMs)
  // A limit of one model is disproved only by that model's own window: the whole account has room all the time.
  const told = bench.scope === EVERY_MODEL ? relevant.length > 0 : relevant.some((each) => each.model === bench.scope)
  if (told || returnsAtMs !== undefined) return null
  const otherPlan = usage.planType !== undefined && planBefore !== undefined && usage.planType !== planBefore
  return otherPlan ? null : undefined
}

/** Still full: the next look comes later, and the provider's newer word on the reset counts. */
function stands(bench: Bench, resetAtMs: number | undefined, nowMs: number): Bench {
  const failedTrials = bench.failedTrials + 1
  const untilMs = resetAtMs === undefined ? bench.untilMs : Math.ceil(Math.min(resetAtMs, nowMs + LONGEST_BENCH_MS))
  return {
    ...bench,
    untilMs,
    failedTrials,
    trialAtMs: trialTime({ ...bench, untilMs }, failedTrials, false, nowMs),
    evidence: {
      ...bench.evidence,
      seenAtMs: nowMs,
      ...(resetAtMs === undefined ? {} : { timeSource: 'usage' as const }),
    },
  }
}

/** All full windows must be over before a call can pass. */
function latestReset(full: readonly QuotaWindow[]): number | undefined {
  const known = full.map((window) => window.resetAt).filter((at) => at !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}
