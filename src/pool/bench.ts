import type { FailureLabel } from '../failure/labels.ts'
import type { Credential } from './credential.ts'

/** A note that a credential, or a credential for one model, should be left alone. Advice with a way back. */
export interface Bench {
  readonly credentialId: string
  /** `'*'` = every model, else a model name. */
  readonly scope: string
  readonly reason: FailureLabel
  readonly sinceMs: number
  /** Epoch ms. A bench always ends (invariant I13): `dead` ones end at the next token generation or this far horizon. */
  readonly untilMs: number
  /** From here on one trial at a time may test whether it still holds. */
  readonly trialAtMs: number
  /** A dead credential is never tried again in this generation. */
  readonly dead: boolean
  /** The token generation that failed; a newer one is not benched. */
  readonly tokenGeneration: number
  /** Failures in a row that led here: drives ladders. */
  readonly strikes: number
  /** Trials failed since the bench began: doubles the distance to the next. */
  readonly failedTrials: number
  readonly evidence: BenchEvidence
}

/** Why a bench stands, for people and for precedence. */
export interface BenchEvidence {
  readonly rule: string
  /** Redacted, at most 300 characters. */
  readonly message: string
  /** Rank of the time: a stated reset beats a header beats a usage endpoint beats our guess. */
  readonly timeSource: 'stated' | 'header' | 'usage' | 'guess'
  readonly seenAtMs: number
  readonly callId?: string
}

/** A bench is in force: for this token generation (a resurrected status must not outlive its token: 16486) and until its end. */
export function benchHolds(bench: Bench, credential: Credential, nowMs: number): boolean {
  return bench.tokenGeneration === credential.generation && nowMs < bench.untilMs
}

/** The bench concerns calls for `model`; `undefined` asks about every model. */
export function benchCovers(bench: Bench, model: string | undefined): boolean {
  return bench.scope === EVERY_MODEL || bench.scope === model
}

/** One call may test whether a bench that holds is still true. Dead ones are never tested (32849). */
export function trialIsDue(bench: Bench, nowMs: number): boolean {
  return !bench.dead && nowMs >= bench.trialAtMs
}

/** The scope of a bench for a whole credential. */
export const EVERY_MODEL = '*'

/** A provider refused the key of a credential, and the verdict stands: only another key can help. */
export function keyIsRefused(credential: Credential, benches: readonly Bench[], nowMs: number): boolean {
  return benches.some((bench) => bench.reason.startsWith('auth_') && benchHolds(bench, credential, nowMs))
}
