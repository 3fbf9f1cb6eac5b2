import type { Clock } from '../platform/clock.ts'
import type { Timers } from '../platform/timers.ts'
import { type PlaceStore, StoreError } from './store-contract.ts'

/** What a process holds is free this long after it died. */
export const HOLD_MS = 4_500
const BEAT_EVERY_MS = 1_000

/** The sign of life of one process: while it holds a place or a trial, it says every second that it lives. */
export class Holder {
  readonly name: string
  readonly #places: PlaceStore
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #onTrouble: (error: StoreError) => void
  #held = 0
  #stop: (() => void) | undefined

  constructor(
    name: string,
    places: PlaceStore,
    platform: { readonly clock: Clock; readonly timers: Timers },
    onTrouble: (error: StoreError) => void,
  ) {
    this.name = name
    this.#places = places
    this.#clock = platform.clock
    this.#timers = platform.timers
    this.#onTrouble = onTrouble
  }

  /** Epoch ms until which something taken now is held without another beat. */
  untilMs(): number {
    return this.#clock.now() + HOLD_MS
  }

  hold(): void {
    this.#held += 1
    if (this.#stop === undefined) this.#arm()
  }

  letGo(): void {
    this.#held -= 1
    if (this.#held > 0) return
    this.#stop?.()
    this.#stop = undefined
  }

  #arm(): void {
    const stop = this.#timers.after(BEAT_EVERY_MS, () => void this.#beat(stop), { unref: true })
    this.#stop = stop
  }

  async #beat(armed: () => void): Promise<void> {
    try {
      await this.#places.keepAlive(this.name, this.untilMs())
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      // The next beat comes in a second; until then what was said last still holds.
      if (error.code !== 'closed') this.#onTrouble(error)
    }
    // Let go and held anew during a slow beat, the next one is armed already: each such moment would add one more beat a second.
    if (this.#stop === armed) this.#arm()
  }
}
