import type { Timers } from '../platform/timers.ts'
import { type Store, StoreError } from './store-contract.ts'

const FLUSH_AFTER_MS = 200
const AFTER_A_FAILURE_MS = 5_000
const NEVER_USED = { count: 0, lastUsedAtMs: 0 } as const

interface Uses {
  readonly count: number
  readonly lastUsedAtMs: number
}

/** Counts calls in memory and writes them in batches, so that a healthy call never waits for a disk. Nothing is lost while the store refuses. */
export class UseCounter {
  readonly #store: Store
  readonly #timers: Timers
  readonly #alsoOnFlush: () => Promise<boolean>
  #pending = new Map<string, Uses>()
  #writing = new Map<string, Uses>()
  #cancel: (() => void) | undefined
  #flushing: Promise<void> | undefined

  /** @param alsoOnFlush other work for the same timer; false = try again later */
  constructor(store: Store, timers: Timers, alsoOnFlush: () => Promise<boolean>) {
    this.#store = store
    this.#timers = timers
    this.#alsoOnFlush = alsoOnFlush
  }

  add(credentialId: string, nowMs: number): void {
    this.#pending.set(credentialId, { count: (this.#pending.get(credentialId)?.count ?? 0) + 1, lastUsedAtMs: nowMs })
    this.wake()
  }

  /** What the store has not counted yet. */
  notCounted(credentialId: string): Uses {
    const pending = this.#pending.get(credentialId) ?? NEVER_USED
    const writing = this.#writing.get(credentialId) ?? NEVER_USED
    return {
      count: pending.count + writing.count,
      lastUsedAtMs: Math.max(pending.lastUsedAtMs, writing.lastUsedAtMs),
    }
  }

  /** Makes sure that a flush is coming. */
  wake(afterMs: number = FLUSH_AFTER_MS): void {
    if (this.#cancel !== undefined) return
    this.#cancel = this.#timers.after(
      afterMs,
      () => {
        this.#cancel = undefined
        void this.flush()
      },
      { unref: true },
    )
  }

  /** Never rejects for a store that refuses: the counts stay and the next flush tries again. */
  async flush(): Promise<void> {
    this.#flushing = (this.#flushing ?? Promise.resolve()).then(() => this.#write())
    return this.#flushing
  }

  async close(): Promise<void> {
    await this.flush()
    this.#cancel?.()
    this.#cancel = undefined
  }

  async #write(): Promise<void> {
    let done = true
    if (this.#pending.size > 0) {
      this.#writing = this.#pending
      this.#pending = new Map()
      try {
        await this.#store.addUses([...this.#writing].map(([credentialId, uses]) => ({ credentialId, ...uses })))
        this.#writing = new Map()
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        done = error.code === 'closed'
        this.#putBack()
      }
    }
    if (!(await this.#alsoOnFlush())) done = false
    if (!done) this.wake(AFTER_A_FAILURE_MS)
  }

  #putBack(): void {
    for (const [credentialId, uses] of this.#writing) {
      const since = this.#pending.get(credentialId)
      this.#pending.set(credentialId, {
        count: uses.count + (since?.count ?? 0),
        lastUsedAtMs: Math.max(uses.lastUsedAtMs, since?.lastUsedAtMs ?? 0),
      })
    }
    this.#writing = new Map()
  }
}
