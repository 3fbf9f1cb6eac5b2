import type { Failure } from '../failure/evidence.ts'
import type { Lease } from '../pool/lease.ts'
import { BOUND_STATE } from '../wire/bound-state.ts'
import { refusalOf } from '../wire/repair/refusal.ts'
import { isUnknownResponse } from '../wire/repair/unknown-response.ts'
import { repeatsAll, withHistory } from '../wire/responses/history.ts'
import type { BoundStateBook } from './bound-state-book.ts'
import type { Call, Route } from './call.ts'
import type { ConversationHistory } from './conversation-history.ts'
import { hasFullHistory } from './previous-response.ts'
import type { PlannedRepair, Replayed } from './repairs.ts'
import { writableBody } from './rewritten-call.ts'

const REPAIR = 'previous_response'

/** A call that goes on from an answer whose whole conversation is kept here: it can be said to an account that knows nothing of it. */
export class Replay {
  readonly #history: ConversationHistory
  readonly #boundState: BoundStateBook
  readonly #call: Call
  readonly #previous: string
  /** The account that has the answer. */
  readonly ownerId: string | undefined
  /** For judging routes: none of them is unfit because it does not have the answer. */
  readonly standIn: Call

  private constructor(
    { history, boundState }: { readonly history: ConversationHistory; readonly boundState: BoundStateBook },
    call: Call,
    previous: string,
    ownerId: string | undefined,
  ) {
    this.#history = history
    this.#boundState = boundState
    this.#call = call
    this.#previous = previous
    this.ownerId = ownerId
    const { previous_response_id: _, ...body } = call.body
    this.standIn = { ...call, body }
  }

  /** @returns undefined when nothing is kept of it, or the request has the whole conversation in it anyway */
  static async find(
    history: ConversationHistory,
    boundState: BoundStateBook,
    call: Call,
    previous: string | undefined,
  ): Promise<Replay | undefined> {
    if (previous === undefined) return undefined
    const kept = await history.look(call, previous)
    if (kept === undefined) return undefined
    if (hasFullHistory(call)) {
      const steps = await history.steps(call, previous)
      if (steps === undefined || repeatsAll(call.body, steps)) return undefined
    }
    return new Replay({ history, boundState }, call, previous, kept.ownerId)
  }

  /** Whoever is lent did not make the answer, or keeps none. */
  isNeededAt({ wires, definition }: Route, lease: Lease): boolean {
    const hasAnswers = wires.includes(this.#call.wire) && definition.keepsAnswers !== false
    return !hasAnswers || this.ownerId !== lease.credential.id
  }

  /** The call with its conversation in it. @returns undefined when it cannot be put together after all */
  async whole(): Promise<Replayed | undefined> {
    const steps = await this.#history.steps(this.#call, this.#previous)
    const told = steps === undefined ? undefined : withHistory(this.#call.body, steps)
    if (steps === undefined || told === undefined) return undefined
    // Known for sure, and after a restart too: what an account encrypted goes to nobody else. Of what clients sent nobody knows.
    for (const { output, ownerId } of steps) {
      if (ownerId === undefined) continue
      const { blobsOf } = BOUND_STATE[this.#call.wire]
      this.#boundState.made(blobsOf({ input: output }), ownerId)
    }
    const bytes = writableBody(told.body)
    // Nobody could write it: then it is as if it were not kept.
    if (bytes === undefined) return undefined
    return { call: { ...this.#call, body: told.body, bytes }, responses: steps.length, dropped: told.dropped }
  }

  /** What helps when its own account says that it does not have the answer. */
  async afterRefusal(failure: Failure, off: ReadonlySet<string>): Promise<PlannedRepair | undefined> {
    if (off.has(REPAIR) || !isUnknownResponse(refusalOf(failure))) return undefined
    const replayed = await this.whole()
    if (replayed === undefined) return undefined
    const what = `the conversation as it is kept here, ${countText(replayed.responses)}`
    return { name: REPAIR, what, change: (request) => request, forThisRoute: false, replayed }
  }
}

export function countText(responses: number): string {
  return responses === 1 ? '1 response' : `${responses} responses`
}
