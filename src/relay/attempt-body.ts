import type { Failure } from '../failure/evidence.ts'

/** How a committed attempt ended. */
export type AttemptEnding =
  | { readonly kind: 'complete' }
  | { readonly kind: 'failure'; readonly failure: Failure }
  | { readonly kind: 'cancelled' }

/** Ends quietly; what happened is in the ending. `return()` cancels the upstream, also when nothing was read yet. */
export interface AttemptBody {
  next(): Promise<IteratorResult<Uint8Array, AttemptEnding>>
  return(): Promise<void>
}
