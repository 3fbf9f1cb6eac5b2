import type { Timers } from '../platform/timers.ts'

const FLUSH_AFTER_MS = 200
const AFTER_A_FAILURE_MS = 5_000

/** Something that keeps news in memory until it may be written. */
export interface Pending {
  /** Writes what is kept. Must not reject. @returns false when something is left, e.g. because the store refused */
  flush(): Promise<boolean>
}

/** Writes in batches what no call needs to wait for: a healthy call never waits for a disk. Nothing is lost while the store refuses. */
export class WriteBehind {
  readonly #timers: Timers
  readonly #sources: Pending[] = []
  #cancel: (() => void) | undefined
  #flushing: Promise<void> | undefined

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** Sources are written in the order in which they were added. */
  add(source: Pending): void {
    this.#sources.push(source)
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
    for (const source of this.#sources) if (!(await source.flush())) done = false
    if (!done) this.wake(AFTER_A_FAILURE_MS)
  }
}
