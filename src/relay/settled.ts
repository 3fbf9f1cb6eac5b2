import type { Lease } from '../pool/lease.ts'
import type { GivenUp } from '../wire/wire.ts'
import type { AttemptAnswer } from './attempt.ts'
import type { Route } from './call.ts'

/** What became of a call before anything was sent to its caller. */
export type Settled =
  | { readonly kind: 'answer'; readonly answer: AttemptAnswer; readonly served: Served }
  | { readonly kind: 'failed'; readonly givenUp: GivenUp }
  | { readonly kind: 'cancelled' }

/** Who served an answer. */
export interface Served {
  readonly route: Route
  readonly lease: Lease
  readonly dropped: readonly string[]
  /** What of the answer its caller's protocol has no place for, as far as it has come. */
  readonly lost: () => readonly string[]
  readonly startedAtMs: number
  /** The answer is complete, or its first visible output has come. */
  readonly firstOutputAtMs: number
}
