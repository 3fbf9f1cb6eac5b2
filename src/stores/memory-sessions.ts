import type { SessionStore } from '../pool/store-contract.ts'

const MOST_SESSIONS = 20_000

interface Session {
  readonly credentialId: string
  readonly atMs: number
}

/** Which credential serves a session, in memory. The oldest are forgotten first. */
export class MemorySessions implements SessionStore {
  readonly #sessions = new Map<string, Session>()
  readonly #knows: (credentialId: string) => boolean

  constructor(knows: (credentialId: string) => boolean) {
    this.#knows = knows
  }

  async find(provider: string, session: string): Promise<Session | undefined> {
    const found = this.#sessions.get(keyOf(provider, session))
    return found !== undefined && this.#knows(found.credentialId) ? found : undefined
  }

  async put(sessions: ReadonlyArray<Session & { readonly provider: string; readonly session: string }>): Promise<void> {
    for (const { provider, session, credentialId, atMs } of sessions) {
      if (!this.#knows(credentialId)) continue
      const key = keyOf(provider, session)
      if ((this.#sessions.get(key)?.atMs ?? 0) > atMs) continue
      // Set anew, so that the map's order is the order of use.
      this.#sessions.delete(key)
      this.#sessions.set(key, { credentialId, atMs: Math.round(atMs) })
    }
    for (const key of this.#sessions.keys()) {
      if (this.#sessions.size <= MOST_SESSIONS) break
      this.#sessions.delete(key)
    }
  }
}

function keyOf(provider: string, session: string): string {
  return `${provider}\n${session}`
}
