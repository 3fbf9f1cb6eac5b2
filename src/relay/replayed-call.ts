import type { Lease } from '../pool/lease.ts'
import type { Call, Route } from './call.ts'
import type { CallBook } from './call-book.ts'
import type { CallState } from './call-state.ts'
import type { ConversationHistory } from './conversation-history.ts'
import { isElsewhere } from './portable-call.ts'
import { hasFullHistory } from './previous-response.ts'
import { countText } from './replay.ts'
import { routeName } from './route-name.ts'
import type { Settled } from './settled.ts'

/**
 * What is sent to whoever was lent, for a call that goes on from an answer: the call as it is, the call with its whole conversation in it, or
 * nothing, because the answer is at another account and its conversation is not here.
 */
export async function goOnWhole(
  call: Call,
  state: CallState,
  book: CallBook,
  route: Route,
  lease: Lease,
): Promise<'as_it_is' | 'lost' | Call> {
  const { replay } = state
  // A part of a conversation looks like a whole one; where all of it is kept, that is known better.
  const isLost = isElsewhere(lease, state) && (replay !== undefined || !hasFullHistory(call))
  const whole = isLost || replay?.isNeededAt(route, lease) === true ? await replay?.whole() : undefined
  if (whole === undefined) {
    // A route of another protocol cannot be told of an answer at all.
    const isUntold = replay !== undefined && !route.wires.includes(call.wire)
    return isLost || isUntold ? 'lost' : 'as_it_is'
  }
  state.replayed = whole
  book.step('replay', `${routeName(route)} does not have the conversation: ${countText(whole.responses)} kept here`)
  return whole.call
}

/** What the id of a translated answer is made of: it can be gone on from only where it is kept, and then its id must be like no other. */
export function ownAnswerId({ id, wire, body }: Call): string | undefined {
  return wire !== 'responses' || body['store'] === false ? undefined : id.replace(/^call_/, '')
}

/** Keeps what the answer says behind its end. */
export function recordedAnswer(
  history: ConversationHistory,
  asked: Call,
  state: CallState,
  settled: Extract<Settled, { kind: 'answer' }>,
): Extract<Settled, { kind: 'answer' }> {
  const { route, lease, dropped } = settled.served
  const ownerId = route.wires.includes(asked.wire) ? lease.credential.id : undefined
  const anew = state.replayed === undefined && dropped.includes('previous_response_id')
  return { ...settled, answer: history.recorded(asked, settled.answer, { ownerId, anew }) }
}
