import type { Failure } from '../failure/evidence.ts'
import type { Secret } from '../pool/credential.ts'

/** How the wish for newer tokens ended. */
export type Renewal =
  /** Newer tokens are there, ours or another process's. `saved` false: only in memory and in the recovery file yet. */
  | { readonly kind: 'renewed'; readonly generation: number; readonly secret: Secret; readonly saved: boolean }
  /** The refresh token is refused for good. */
  | { readonly kind: 'dead'; readonly failure: Failure }
  /** Not now: the token endpoint or the store has trouble. */
  | { readonly kind: 'later'; readonly failure: Failure; readonly untilMs: number }
  /** Nobody can refresh this credential: it has no refresh token, or nobody knows where. */
  | { readonly kind: 'impossible' }
  /** The caller's patience ended while another process refreshed. */
  | { readonly kind: 'waiting' }
