import type { Clock } from '../platform/clock.ts'
import type { CredentialQuota } from './quota.ts'
import type { QuotaBook } from './quota-book.ts'
import { type Readings, type Store, StoreError, type Uses } from './store-contract.ts'
import { added, NEVER_USED, type UseCounter } from './use-counter.ts'

/** What other processes counted and read may be this old when a credential is chosen. */
const LOOK_AGAIN_AFTER_MS = 250

const NOTHING: Readings = { revision: -1, uses: new Map(), quotas: new Map() }

/** Counters and windows as this process knows them: the store's, and on top of them its own that are not written yet. */
export class ReadingsView {
  readonly #store: Store
  readonly #clock: Clock
  readonly #uses: UseCounter
  readonly #quotas: QuotaBook
  readonly #onTrouble: (error: StoreError) => void
  #readings = NOTHING
  #lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(store: Store, clock: Clock, uses: UseCounter, quotas: QuotaBook, onTrouble: (error: StoreError) => void) {
    this.#store = store
    this.#clock = clock
    this.#uses = uses
    this.#quotas = quotas
    this.#onTrouble = onTrouble
  }

  /** Looks again, unless that was done a moment ago. @param now true = in any case */
  async look(now = false): Promise<void> {
    const nowMs = this.#clock.now()
    if (!now && Math.abs(nowMs - this.#lookedAtMs) < LOOK_AGAIN_AFTER_MS) return
    this.#lookedAtMs = nowMs
    try {
      this.#readings = await this.#store.readings.current()
    } catch (error) {
      // What was known before is better than nothing.
      if (!(error instanceof StoreError) || error.code === 'closed') throw error
      this.#onTrouble(error)
    }
  }

  usesOf(credentialId: string): Uses {
    return added(this.#readings.uses.get(credentialId) ?? NEVER_USED, this.#uses.notCounted(credentialId))
  }

  quotaOf(credentialId: string): CredentialQuota | undefined {
    return this.#quotas.of(credentialId, this.#readings.quotas.get(credentialId))
  }
}
