import { putNewest } from '../pool/newest.ts'
import type { Route } from './call.ts'
import { routeName } from './route-name.ts'

/** A session that fell back stays at least this long, ms, unless its first route says that it returns sooner. */
const SHORTEST_STAY_MS = 60_000
/** Who falls again within this time after a stay, ms, stays twice as long as before. */
const RELAPSE_MS = 60_000
const LONGEST_STAY_MS = 10 * 60_000
const MOST_SESSIONS = 10_000

/** A session that stays on a fallback route although the first one may be ready. */
export interface Hold {
  /** Name of the route it stays on. */
  readonly route: string
  /** Why it fell back. */
  readonly reason: string
  readonly sinceMs: number
  readonly untilMs: number
  /** What the pool of the first route looked like: somebody who repairs it ends the stay. */
  readonly standing: string
  readonly strikes: number
}

/** What is known when a session falls. */
export interface Fall {
  readonly reason: string
  /** Epoch ms at which the first route said that it returns. */
  readonly returnsAtMs?: number | undefined
  readonly standing: string
}

/**
 * Which sessions stay on which fallback. Without it every call of a session tries a first route that is down, waits for its retries there and falls
 * again, or moves to and fro and loses its prompt cache each time (106475).
 */
export class FallbackHolds {
  /** In order of use. */
  readonly #holds = new Map<string, Hold>()

  /** Whether there is anything to look at: most sessions never fell. */
  has(session: string, first: Route): boolean {
    return this.#holds.size > 0 && this.#holds.has(keyOf(session, first))
  }

  /** @returns the stay that holds now, if one does */
  find(session: string, first: Route, standing: string, nowMs: number): Hold | undefined {
    const hold = this.#holds.get(keyOf(session, first))
    return hold !== undefined && nowMs < hold.untilMs && hold.standing === standing ? hold : undefined
  }

  /** A session is served by a fallback because its first route failed it. */
  stay(session: string, first: Route, route: Route, fall: Fall, nowMs: number): Hold {
    const key = keyOf(session, first)
    const before = this.#holds.get(key)
    const isRelapse = before !== undefined && nowMs < before.untilMs + RELAPSE_MS && before.standing === fall.standing
    const strikes = isRelapse ? before.strikes + 1 : 0
    const stayMs = Math.min(SHORTEST_STAY_MS * 2 ** Math.max(0, strikes - 1), LONGEST_STAY_MS)
    const latestMs = nowMs + stayMs
    // The first time its word is taken; who returned on it and fell again waits.
    const untilMs = strikes === 0 && fall.returnsAtMs !== undefined ? Math.min(fall.returnsAtMs, latestMs) : latestMs
    const { reason, standing } = fall
    const hold = { route: routeName(route), reason, sinceMs: nowMs, untilMs, standing, strikes }
    putNewest(this.#holds, key, hold, MOST_SESSIONS)
    return hold
  }

  /** The same stay for whoever goes on from an answer that was given there. */
  carry(session: string, first: Route, hold: Hold): void {
    putNewest(this.#holds, keyOf(session, first), hold, MOST_SESSIONS)
  }

  /** The first route has answered again. */
  end(session: string, first: Route): void {
    this.#holds.delete(keyOf(session, first))
  }
}

function keyOf(session: string, first: Route): string {
  return `${session}\n${routeName(first)}`
}
