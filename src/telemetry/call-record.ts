import type { FailureLabel } from '../failure/labels.ts'

/** One step that the relay decided on, in the order of the call. */
export interface DecisionRecord {
  /** Attempts made before it; 0 = before the first. */
  readonly afterAttempt: number
  readonly atMs: number
  readonly action: string
  readonly reason: string
  readonly delayMs?: number
}

/** One attempt: who was asked, why they, and what came of it. */
export interface CallAttempt {
  /** Counted from 1. */
  readonly attempt: number
  readonly startedAtMs: number
  readonly provider: string
  readonly model: string
  readonly credentialId: string
  readonly credential: string
  /** It was the single trial of a bench. */
  readonly trial: boolean
  readonly why?: ChoiceReason
  /** Absent while it runs. */
  readonly outcome?: 'answered' | 'failed' | 'cancelled'
  readonly label?: FailureLabel
  readonly rule?: string
  readonly status?: number
  readonly message?: string
  readonly durationMs?: number
  readonly timeToFirstOutputMs?: number
  readonly benchedUntilMs?: number
}

/** Why this credential, and why not the others. */
export interface ChoiceReason {
  readonly because: string
  readonly others: ReadonlyArray<{ readonly label: string; readonly standing: string }>
}

/** The story of one call, without a word of its prompt or its answer. Texts are redacted and bounded. */
export interface CallRecord {
  readonly id: string
  readonly startedAtMs: number
  readonly endedAtMs?: number
  /** `running` also when the process died before it could tell the end. */
  readonly outcome: 'running' | 'answered' | 'failed' | 'cancelled'
  readonly label?: FailureLabel
  /** What the failure of the whole call said. */
  readonly message?: string
  readonly wire: string
  /** What the client asked for. */
  readonly model: string
  readonly stream: boolean
  readonly client?: string
  /** `provider/model` of the last attempt: the one that served, when the outcome is `answered`. */
  readonly route?: string
  /** Why it is not the first route of the chain. */
  readonly fallbackReason?: string
  /** Names of what was changed in the request after providers had refused it. */
  readonly repairs?: readonly string[]
  /** Answers that the whole conversation, sent instead of a reference to it, was put together from. */
  readonly replayed?: number
  /** `provider/model` of the last metered route that was asked although the chain's first one costs nothing more. */
  readonly meteredFallback?: string
  /** Names of what was left out of request and answer on their way. */
  readonly dropped?: readonly string[]
  readonly attempts: readonly CallAttempt[]
  readonly decisions: readonly DecisionRecord[]
}
