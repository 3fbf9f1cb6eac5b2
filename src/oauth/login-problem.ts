/** Why a login did not come about. */
export type LoginProblemKind =
  | 'cancelled'
  | 'expired'
  | 'denied'
  | 'refused'
  | 'throttled'
  | 'server_trouble'
  | 'unreachable'
  | 'invalid_answer'
  | 'port_taken'
  | 'not_configured'

export interface LoginProblem {
  readonly kind: LoginProblemKind
  /** What happened and why; without any secret. */
  readonly message: string
  /** What to do next. */
  readonly next: string
  /** Code of the transport's error, when nobody was reached. */
  readonly code?: string
}

/** A result, or why there is none. Nothing in this room throws. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: LoginProblem }

export function failed(kind: LoginProblemKind, message: string, next: string): { ok: false; problem: LoginProblem } {
  return { ok: false, problem: { kind, message, next } }
}

export const CANCELLED = failed('cancelled', 'the login was cancelled', 'nothing was stored; start it again when ready')
