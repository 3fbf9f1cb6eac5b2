import { type CredentialQuota, mergeQuota, type QuotaReading } from './quota.ts'
import { type Store, StoreError } from './store-contract.ts'
import type { Pending } from './write-behind.ts'

/** What is known of every credential's limits: the store's readings, and on top of them what this process has read since. */
export class QuotaBook implements Pending {
  readonly #store: Store
  /** Merged, newest first counts: one entry a credential, however many answers came. */
  #pending = new Map<string, QuotaReading>()
  #writing = new Map<string, QuotaReading>()

  constructor(store: Store) {
    this.#store = store
  }

  add(reading: QuotaReading): void {
    const before = this.#pending.get(reading.credentialId)
    this.#pending.set(reading.credentialId, before === undefined ? reading : joined(before, reading))
  }

  /** @param stored what the store had at its last reading */
  of(credentialId: string, stored: CredentialQuota | undefined): CredentialQuota | undefined {
    const writing = this.#writing.get(credentialId)
    const pending = this.#pending.get(credentialId)
    const first = writing === undefined ? stored : mergeQuota(stored, writing)
    return pending === undefined ? first : mergeQuota(first, pending)
  }

  async flush(): Promise<boolean> {
    if (this.#pending.size === 0) return true
    this.#writing = this.#pending
    this.#pending = new Map()
    try {
      await this.#store.readings.addQuotas([...this.#writing.values()])
      this.#writing = new Map()
      return true
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      for (const [credentialId, reading] of this.#writing) {
        const since = this.#pending.get(credentialId)
        this.#pending.set(credentialId, since === undefined ? reading : joined(reading, since))
      }
      this.#writing = new Map()
      return error.code === 'closed'
    }
  }
}

/** Two readings of one credential as one: the later names win, windows that only the earlier one had stay. */
function joined(earlier: QuotaReading, later: QuotaReading): QuotaReading {
  if (later.readAtMs < earlier.readAtMs) return joined(later, earlier)
  const named = new Set(later.windows.map((window) => `${window.name}\n${window.model ?? ''}`))
  const kept = earlier.windows.filter((window) => !named.has(`${window.name}\n${window.model ?? ''}`))
  return { ...earlier, ...later, windows: [...kept, ...later.windows] }
}
