import type { CutSignal } from './network.ts'

/** A cut signal that somebody pulls, once. An `AbortController` costs as much as all the headers of a call, and a call needs two. */
export class Cut implements CutSignal {
  #listeners: ReadonlyArray<() => void> = []
  #aborted = false

  get aborted(): boolean {
    return this.#aborted
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = [...this.#listeners, listener]
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = this.#listeners.filter((each) => each !== listener)
  }

  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}
