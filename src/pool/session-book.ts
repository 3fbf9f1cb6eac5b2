import { putNewest } from './newest.ts'
import { type Store, StoreError } from './store-contract.ts'
import type { Pending } from './write-behind.ts'

/** Sessions remembered in this process; the others are looked up in the store. */
const MOST_IN_MEMORY = 10_000
/** A session that stays where it is is written again this often, so that it is not the oldest when others are forgotten. */
const WRITE_AGAIN_AFTER_MS = 10 * 60_000

interface Known {
  readonly credentialId: string
  readonly atMs: number
  /** Epoch ms at which the store was told. */
  readonly writtenAtMs: number
}

interface Entry {
  readonly provider: string
  readonly session: string
  readonly credentialId: string
  readonly atMs: number
}

/** Which credential serves a session: moving costs the prompt cache, and state may be bound to the account. */
export class SessionBook implements Pending {
  readonly #store: Store
  readonly #onTrouble: (error: StoreError) => void
  /** In order of use. */
  readonly #known = new Map<string, Known>()
  #pending = new Map<string, Entry>()

  constructor(store: Store, onTrouble: (error: StoreError) => void) {
    this.#store = store
    this.#onTrouble = onTrouble
  }

  /** @returns the id of the credential that served this session last, in any process */
  async find(provider: string, session: string): Promise<string | undefined> {
    const known = this.#known.get(keyOf(provider, session))
    if (known !== undefined) return known.credentialId
    try {
      const found = await this.#store.sessions.find(provider, session)
      if (found === undefined) return undefined
      putNewest(this.#known, keyOf(provider, session), { ...found, writtenAtMs: found.atMs }, MOST_IN_MEMORY)
      return found.credentialId
    } catch (error) {
      // Where a session was is advice: without it the call is still served.
      if (!(error instanceof StoreError) || error.code === 'closed') throw error
      this.#onTrouble(error)
      return undefined
    }
  }

  put(provider: string, session: string, credentialId: string, nowMs: number): void {
    const key = keyOf(provider, session)
    const known = this.#known.get(key)
    const write = known?.credentialId !== credentialId || nowMs - known.writtenAtMs >= WRITE_AGAIN_AFTER_MS
    putNewest(
      this.#known,
      key,
      { credentialId, atMs: nowMs, writtenAtMs: write ? nowMs : (known?.writtenAtMs ?? nowMs) },
      MOST_IN_MEMORY,
    )
    if (write) this.#pending.set(key, { provider, session, credentialId, atMs: nowMs })
  }

  async flush(): Promise<boolean> {
    if (this.#pending.size === 0) return true
    const writing = this.#pending
    this.#pending = new Map()
    try {
      await this.#store.sessions.put([...writing.values()])
      return true
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      this.#pending = new Map([...writing, ...this.#pending])
      return error.code === 'closed'
    }
  }
}

function keyOf(provider: string, session: string): string {
  return `${provider}\n${session}`
}
