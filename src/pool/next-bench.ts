import type { Bench, BenchEvidence } from './bench.ts'
import { EVERY_MODEL } from './bench.ts'
import { type BenchEnd, benchEnd, trialTime } from './bench-times.ts'
import type { Credential } from './credential.ts'
import type { FailureVerdict } from './lease.ts'

/** The attempt that a verdict is about. Everything in it was fixed when the lease began. */
export interface ChargedAttempt {
  readonly model: string
  readonly tokenGeneration: number
  /** The credential's reset stamp when the attempt began: a later `auth reset` beats this verdict (84711, 79636). */
  readonly resetStampMs: number
  readonly startedAtMs: number
  readonly trial: boolean
}

/**
 * What a verdict may bench: a model name, every model, or nobody.
 * Only failures that are the credential's fault bench it (I2), whatever the policy says: an outage would empty every pool.
 * @returns undefined when nobody is benched
 */
export function benchScope(verdict: FailureVerdict, model: string): string | undefined {
  const { failure, terms } = verdict
  if (failure.blame !== 'credential' || terms.kind === 'none') return undefined
  // A dead token is dead for every model.
  if (terms.kind === 'dead') return EVERY_MODEL
  // One model's limit must not bench the whole key (61451, 108656).
  const modelOnly = failure.modelScoped || (terms.kind === 'ladder' && terms.modelOnly === true)
  return modelOnly ? model : EVERY_MODEL
}

/** The verdict still concerns this credential: same token, and no reset since the attempt began (I1; 79156, 117943). */
export function chargeApplies(attempt: ChargedAttempt, credential: Credential): boolean {
  return attempt.tokenGeneration === credential.generation && attempt.resetStampMs === credential.resetStampMs
}

/**
 * The bench that stands after a verdict. Pure.
 * @param previous the bench of the same credential and scope, running or over
 * @returns undefined when everything stays as it is
 */
export function nextBench(
  previous: Bench | undefined,
  verdict: FailureVerdict,
  attempt: ChargedAttempt,
  credential: Credential,
  nowMs: number,
): Bench | undefined {
  const scope = benchScope(verdict, attempt.model)
  if (scope === undefined || !chargeApplies(attempt, credential)) return undefined

  const before = previous !== undefined && previous.tokenGeneration === credential.generation ? previous : undefined
  const again = before !== undefined && before.reason === verdict.failure.label
  // Ten calls that meet the same empty account at once are one finding, not ten strikes. Only a trial is lent while a bench stands:
  // an attempt that began before its end was lent before the bench was seen, in this process or a moment later in another.
  const concurrent = before !== undefined && !attempt.trial && attempt.startedAtMs < before.untilMs
  const strikes = again ? before.strikes + (concurrent ? 0 : 1) : 1
  const end = benchEnd(verdict.terms, verdict.failure, strikes, nowMs)
  if (end === undefined) return undefined

  const failedTrials = again ? before.failedTrials + (concurrent ? 0 : 1) : 0
  const fresh = compose({ scope, verdict, credential, end, strikes, failedTrials, sinceMs: nowMs, nowMs })
  if (before === undefined || nowMs >= before.untilMs) return fresh
  return concurrent ? afterConcurrent(before, fresh) : afterTrial(before, fresh, verdict, nowMs)
}

/** A verdict whose attempt began before the bench: it may only bring a better reading of the same fact, or a graver fact. */
function afterConcurrent(before: Bench, fresh: Bench): Bench | undefined {
  if (before.dead) return undefined
  if (fresh.reason !== before.reason) return fresh.dead || fresh.untilMs > before.untilMs ? fresh : undefined
  const better =
    RANK[fresh.evidence.timeSource] > RANK[before.evidence.timeSource] &&
    fresh.evidence.seenAtMs >= before.evidence.seenAtMs
  if (!better) return undefined
  // The bench began when it began: `since` stays, so that other calls in flight keep counting as concurrent.
  return { ...fresh, sinceMs: before.sinceMs }
}

/** A verdict from an attempt that began while the bench stood: its trial failed. */
function afterTrial(before: Bench, fresh: Bench, verdict: FailureVerdict, nowMs: number): Bench | undefined {
  if (before.dead) return undefined
  if (fresh.reason !== before.reason) {
    if (fresh.dead || fresh.untilMs >= before.untilMs) return fresh
    // A throttle of seconds does not prove that the quota is back: the trial was cut short, the next one waits for the throttle.
    return { ...before, trialAtMs: Math.min(before.untilMs, Math.max(before.trialAtMs, fresh.untilMs)) }
  }
  // A guess never outlives a reading; between two guesses or two readings the newer one counts.
  const keepsReading = fresh.evidence.timeSource === 'guess' && before.evidence.timeSource !== 'guess'
  const bothGuessed = fresh.evidence.timeSource === 'guess' && before.evidence.timeSource === 'guess'
  const untilMs = keepsReading ? before.untilMs : bothGuessed ? Math.max(before.untilMs, fresh.untilMs) : fresh.untilMs
  const timeSource = keepsReading ? before.evidence.timeSource : fresh.evidence.timeSource
  return {
    ...fresh,
    sinceMs: before.sinceMs,
    untilMs,
    trialAtMs: trialTime({ ...fresh, untilMs }, fresh.failedTrials, verdict.lastHope, nowMs),
    evidence: { ...fresh.evidence, timeSource },
  }
}

/** A stated reset beats a header beats a usage endpoint beats our guess. */
const RANK = { guess: 0, usage: 1, header: 2, stated: 3 } as const satisfies Record<BenchEvidence['timeSource'], number>

const LONGEST_MESSAGE = 300

interface Parts {
  readonly scope: string
  readonly verdict: FailureVerdict
  readonly credential: Credential
  readonly end: BenchEnd
  readonly strikes: number
  readonly failedTrials: number
  readonly sinceMs: number
  readonly nowMs: number
}

function compose({ scope, verdict, credential, end, strikes, failedTrials, sinceMs, nowMs }: Parts): Bench {
  const { failure } = verdict
  const limits = { reason: failure.label, untilMs: end.untilMs, dead: end.dead }
  return {
    credentialId: credential.id,
    scope,
    reason: failure.label,
    sinceMs,
    untilMs: end.untilMs,
    trialAtMs: trialTime(limits, failedTrials, verdict.lastHope, nowMs),
    dead: end.dead,
    tokenGeneration: credential.generation,
    strikes,
    failedTrials,
    evidence: {
      rule: failure.rule,
      message: failure.message.slice(0, LONGEST_MESSAGE),
      timeSource: end.timeSource,
      seenAtMs: failure.evidence.seenAtMs,
      callId: verdict.callId,
    },
  }
}
