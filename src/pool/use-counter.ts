import { type Store, StoreError, type Uses } from './store-contract.ts'
import type { Pending } from './write-behind.ts'

export const NEVER_USED: Uses = { count: 0, lastUsedAtMs: 0 }

/** Counts calls in memory until they are written. */
export class UseCounter implements Pending {
  readonly #store: Store
  #pending = new Map<string, Uses>()
  #writing = new Map<string, Uses>()

  constructor(store: Store) {
    this.#store = store
  }

  add(credentialId: string, nowMs: number): void {
    this.#pending.set(credentialId, { count: (this.#pending.get(credentialId)?.count ?? 0) + 1, lastUsedAtMs: nowMs })
  }

  /** What the store has not counted yet. */
  notCounted(credentialId: string): Uses {
    const pending = this.#pending.get(credentialId) ?? NEVER_USED
    const writing = this.#writing.get(credentialId) ?? NEVER_USED
    return added(pending, writing)
  }

  async flush(): Promise<boolean> {
    if (this.#pending.size === 0) return true
    this.#writing = this.#pending
    this.#pending = new Map()
    try {
      await this.#store.readings.addUses([...this.#writing].map(([credentialId, uses]) => ({ credentialId, ...uses })))
      this.#writing = new Map()
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
