import type { Lease } from '../pool/lease.ts'
import type { BoundStateBook } from './bound-state-book.ts'
import type { Call, Route } from './call.ts'
import type { CallState } from './call-state.ts'
import { previousResponseOf } from './previous-response.ts'
import { rewrittenCall } from './rewritten-call.ts'

/** The request as this account may see it: without state that only another one can read, and what was left out for that. */
export function portableCall(
  book: BoundStateBook,
  call: Call,
  state: CallState,
  route: Route,
  lease: Lease,
): { readonly call: Call; readonly dropped: readonly string[] } {
  // A conversation that never moved, at the only account: nothing is taken apart.
  if (state.nowhereToMove) return { call, dropped: [] }
  const fallback = state.fallbackReason !== undefined
  const { body, dropped } = book.portable(call, route, lease, fallback)
  const moved = lease.choice.movedFrom !== undefined || fallback
  if (!moved || previousResponseOf(call) === undefined)
    return { call: body === call.body ? call : rewrittenCall(call, body), dropped }
  const { previous_response_id: _, ...own } = body
  return { call: rewrittenCall(call, own), dropped: [...dropped, 'previous_response_id'] }
}
