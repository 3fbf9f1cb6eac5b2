import type { Failure } from './evidence.ts'
import { type Blame, blameOf, type FailureLabel } from './labels.ts'

/** One attempt of a call that failed, as far as it is known where the error was made. */
export interface ErrorAttempt {
  readonly provider: string
  /** The credential's label; never a secret. */
  readonly credential: string
  readonly label?: string
  /** HTTP status of the upstream's answer. */
  readonly status?: number
  readonly model?: string
  /** The row that gave the label. */
  readonly rule?: string
  readonly durationMs?: number
}

/** What an error is made of. */
export interface SparekeyErrorFacts {
  /** See `SparekeyError.code`. */
  readonly code: string
  readonly message: string
  readonly label?: FailureLabel | undefined
  readonly hint?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly status?: number | undefined
  readonly callId?: string | undefined
  readonly failure?: Failure | undefined
  readonly attempts?: readonly ErrorAttempt[] | undefined
  readonly cause?: unknown
}

/** Copies of the package in one process, and `instanceof` over their borders: the mark is known to all of them. */
const MARK = Symbol.for('sparekey.error')

/** Everything that this package throws on purpose. The message says what happened and what to do next; no part of it holds a secret. */
export class SparekeyError extends Error {
  override readonly name: string = 'SparekeyError'
  /**
   * Stable, for programs. Of a call: the failure's label, or `no_credential`, `model_unknown`, `invalid_json` and the like, as in `x-sparekey-error`.
   * Of other errors: `config_invalid`, `package_missing`, `runtime_unsupported`, the codes of `StoreError` and `GatewayStartError`.
   */
  readonly code: string
  /** What went wrong with a call; undefined when no call was made. */
  readonly label: FailureLabel | undefined
  readonly blame: Blame | undefined
  /** What a person can do, in one sentence; undefined where the message says it. */
  readonly hint: string | undefined
  /** From when the error was made until a new try makes sense, ms; undefined when nobody knows. */
  readonly retryAfterMs: number | undefined
  /** HTTP status with which the same failure is answered. */
  readonly status: number | undefined
  /** `call_...`, for `sparekey trace`. */
  readonly callId: string | undefined
  /** The best evidence, with everything that was seen; undefined when the error was read from an answer. */
  readonly failure: Failure | undefined
  /** Every attempt in order; empty when nobody was asked. */
  readonly attempts: readonly ErrorAttempt[]

  constructor(facts: SparekeyErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.code = facts.code
    this.label = facts.label
    this.blame = facts.label === undefined ? undefined : blameOf(facts.label)
    this.hint = facts.hint
    this.retryAfterMs = facts.retryAfterMs
    this.status = facts.status
    this.callId = facts.callId
    this.failure = facts.failure
    this.attempts = facts.attempts ?? []
    Object.defineProperty(this, MARK, { value: true })
  }

  /** Whether this is an error of sparekey, also one made by another copy of the package. */
  static isInstance(error: unknown): error is SparekeyError {
    return typeof error === 'object' && error !== null && MARK in error && error[MARK] === true
  }
}
