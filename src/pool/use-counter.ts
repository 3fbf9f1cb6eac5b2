import { type Store, StoreError, type Uses } from './store-contract.ts'
import type { Pending } from './write-behind.ts'

export const NEVER_USED: Uses = { count: 0, lastUsedAtMs: 0 }

/** Counts calls in memory until they are written. */
export class UseCounter implements Pending {
  readonly #store: Store
  #pending = new Map<string, Uses>()
  #writing = new Map<string, Uses>()
  /** Written, but not yet read back by the view: without it the newest calls count nothing until the next look (14631). */
  #unread = new Map<string, Uses>()
  #writes = 0

  constructor(store: Store) {
    this.#store = store
  }

  add(credentialId: string, nowMs: number): void {
    this.#pending.set(credentialId, { count: (this.#pending.get(credentialId)?.count ?? 0) + 1, lastUsedAtMs: nowMs })
  }

  /** What the store had not counted when it was last read. */
  notCounted(credentialId: string): Uses {
    const pending = this.#pending.get(credentialId) ?? NEVER_USED
    const writing = this.#writing.get(credentialId) ?? NEVER_USED
    return added(added(pending, writing), this.#unread.get(credentialId) ?? NEVER_USED)
  }

  /** Counts batches that were written. */
  get writes(): number {
    return this.#writes
  }

  /** The store was read. @param writes how many batches had been written when that began */
  readBack(writes: number): void {
    if (writes === this.#writes) this.#unread = new Map()
  }

  async flush(): Promise<boolean> {
    if (this.#pending.size === 0) return true
    this.#writing = this.#pending
    this.#pending = new Map()
    try {
      await this.#store.readings.addUses([...this.#writing].map(([credentialId, uses]) => ({ credentialId, ...uses })))
      for (const [id, uses] of this.#writing) this.#unread.set(id, added(uses, this.#unread.get(id) ?? NEVER_USED))
      this.#writing = new Map()
      this.#writes += 1
      return true
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      for (const [credentialId, uses] of this.#writing) {
        this.#pending.set(credentialId, added(uses, this.#pending.get(credentialId) ?? NEVER_USED))
      }
      this.#writing = new Map()
      return error.code === 'closed'
    }
  }
}

export function added(one: Uses, other: Uses): Uses {
  return { count: one.count + other.count, lastUsedAtMs: Math.max(one.lastUsedAtMs, other.lastUsedAtMs) }
}
