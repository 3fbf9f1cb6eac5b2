import type { FailureLabel } from '../failure/labels.ts'

/** One event per acquire, observation, decision and end of a call. Never contains a secret. */
export type TelemetryEvent =
  | {
      readonly type: 'call_started'
      readonly callId: string
      readonly atMs: number
      readonly wire: string
      readonly model: string
      readonly stream: boolean
      /** Which client asked, as far as it is known. */
      readonly client?: string
    }
  | {
      readonly type: 'attempt_started'
      readonly callId: string
      readonly atMs: number
      readonly attempt: number
      readonly provider: string
      readonly model: string
      readonly credentialId: string
      readonly credentialLabel: string
      readonly trial: boolean
      /** Why this credential was lent, and where the others stood. */
      readonly why?: {
        readonly because: string
        readonly others: ReadonlyArray<{ readonly label: string; readonly standing: string }>
      }
    }
  | {
      readonly type: 'attempt_failed'
      readonly callId: string
      readonly atMs: number
      readonly attempt: number
      readonly provider: string
      readonly credentialId: string
      readonly credentialLabel: string
      readonly label: FailureLabel
      readonly rule: string
      readonly message: string
      readonly status?: number
      readonly durationMs: number
      readonly benchedUntilMs?: number
    }
  | {
      readonly type: 'attempt_succeeded'
      readonly callId: string
      readonly atMs: number
      readonly attempt: number
      readonly provider: string
      readonly credentialId: string
      readonly credentialLabel: string
      readonly durationMs: number
      /** From the start of the attempt to its first visible output. */
      readonly timeToFirstOutputMs?: number
    }
  | {
      readonly type: 'decided'
      readonly callId: string
      readonly atMs: number
      readonly attempt: number
      readonly action: string
      readonly delayMs?: number
      readonly reason: string
    }
  /** A call goes on at a route that costs money, and the first of its chain would not have. Before the first attempt there. */
  | {
      readonly type: 'metered_fallback'
      readonly callId: string
      readonly atMs: number
      readonly provider: string
      readonly model: string
      /** `provider/model` of the chain's first route. */
      readonly insteadOf: string
      /** Why the first route does not serve. */
      readonly reason: string
    }
  | {
      readonly type: 'call_ended'
      readonly callId: string
      readonly atMs: number
      readonly outcome: 'answered' | 'failed' | 'cancelled'
      readonly label?: FailureLabel
      /** What the failure said; without secrets known by their shape. */
      readonly message?: string
      /** Why it did not end on the first route of its chain. */
      readonly fallbackReason?: string
      /** Names of what was changed in the request after providers had refused it. */
      readonly repairs?: readonly string[]
      /** Answers that the whole conversation, sent instead of a reference to it, was put together from. */
      readonly replayed?: number
      /** `provider/model` of the last metered route that was asked although the chain's first one costs nothing more. */
      readonly meteredFallback?: string
      /** Names of what was left out of request and answer on their way. */
      readonly dropped?: readonly string[]
      readonly attempts: readonly AttemptRecord[]
      readonly durationMs: number
    }

/** One attempt of a call, as the log line and the answer's body list it. */
export interface AttemptRecord {
  readonly provider: string
  readonly model: string
  readonly credentialId: string
  readonly credential: string
  readonly outcome: 'answered' | 'failed' | 'cancelled'
  readonly label?: FailureLabel
  readonly rule?: string
  readonly status?: number
  readonly durationMs: number
  readonly action?: string
}

/** May be asynchronous: nobody waits for it, and its rejection is caught. */
export type TelemetryListener = (event: TelemetryEvent) => unknown
