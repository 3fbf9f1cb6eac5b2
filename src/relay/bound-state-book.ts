import { createHash } from 'node:crypto'
import type { Lease } from '../pool/lease.ts'
import { putNewest } from '../pool/newest.ts'
import { BOUND_STATE } from '../wire/bound-state.ts'
import type { Call, Route } from './call.ts'

/** Opaque texts whose owner is remembered; a conversation has a few dozen. */
const MOST_BLOBS = 50_000
/** Models whose thinking is bound to the account that made it; that of others can be read by every account of the vendor. */
const THINKING_OF_ONE_ACCOUNT = /(?:sonnet|haiku)-5-5/

/** What of a request may be sent with a lease. */
export interface Portable {
  readonly body: Readonly<Record<string, unknown>>
  /** Names of what was left out, to be told. */
  readonly dropped: readonly string[]
}

/**
 * Remembers who made the opaque state that clients carry along, so that nobody is ever sent what another account encrypted: it is refused,
 * and it is not theirs to see. Owners are worked out from requests alone: what is new in a conversation was made by whoever served it last.
 */
export class BoundStateBook {
  readonly #owners = new Map<string, string>()

  /** The request as this lease may send it. */
  portable(call: Call, route: Route, lease: Lease, fallback: boolean): Portable {
    const bound = BOUND_STATE[call.wire]
    const blobs = bound.blobsOf(call.body)
    if (blobs.length === 0) return { body: call.body, dropped: [] }
    const own = ownerOf(call, route, lease.credential.id)
    const assumed = this.#assumedOwner(call, route, lease, fallback)
    const foreign = new Set<string>()
    for (const blob of blobs) {
      // Unsigned thinking is nobody's; vendors that sign none want it back, and one that does refuses it: then it is left out once.
      if (blob === '') continue
      const key = keyOf(blob)
      const owner = this.#owners.get(key) ?? assumed
      if (owner !== undefined) putNewest(this.#owners, key, owner, MOST_BLOBS)
      if (owner !== own) foreign.add(blob)
    }
    return foreign.size === 0 ? { body: call.body, dropped: [] } : bound.without(call.body, foreign)
  }

  /** An account made these, as is kept of its answers. What is known already stays. */
  made(blobs: readonly string[], credentialId: string): void {
    for (const blob of blobs) {
      const key = keyOf(blob)
      putNewest(this.#owners, key, this.#owners.get(key) ?? credentialId, MOST_BLOBS)
    }
  }

  /** Who served this conversation before. @returns undefined when it was certainly somebody else, nobody knows who */
  #assumedOwner(call: Call, route: Route, lease: Lease, fallback: boolean): string | undefined {
    const { movedFrom, because } = lease.choice
    if (movedFrom !== undefined) return ownerOf(call, route, movedFrom)
    // On a fallback route, a conversation that was never served there comes from elsewhere.
    if (fallback && because !== 'session') return undefined
    return ownerOf(call, route, lease.credential.id)
  }
}

function ownerOf(call: Call, route: Route, credentialId: string): string {
  if (call.wire === 'messages' && !THINKING_OF_ONE_ACCOUNT.test(route.model)) return route.definition.id
  return credentialId
}

function keyOf(blob: string): string {
  return createHash('sha256').update(blob).digest('base64url').slice(0, 22)
}
