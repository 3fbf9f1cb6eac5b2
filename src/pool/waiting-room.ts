import type { Timers } from '../platform/timers.ts'

/** Other processes' places are looked up this often while a call waits for one. */
const LOOK_FOR_PLACES_MS = 50

/** Calls that wait for the end of any lease of their provider. */
export class WaitingRoom {
  readonly #timers: Timers
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** @param isShared other processes take places too, and tell nobody when they are free: a look is due every so often */
  async wait(
    provider: string,
    timeoutMs: number,
    isShared: boolean,
    signal: AbortSignal | undefined,
  ): Promise<'changed' | 'elapsed' | 'aborted'> {
    const cut = new AbortController()
    const waiting = this.#waiting.get(provider) ?? new Set()
    this.#waiting.set(provider, waiting)
    let changed = false
    const wake = () => {
      changed = true
      cut.abort()
    }
    waiting.add(wake)
    const either = signal === undefined ? cut.signal : AbortSignal.any([signal, cut.signal])
    const looksMs = isShared ? Math.min(timeoutMs, LOOK_FOR_PLACES_MS) : timeoutMs
    const ended = await this.#timers.sleep(looksMs, either)
    waiting.delete(wake)
    return changed || (ended === 'elapsed' && looksMs < timeoutMs) ? 'changed' : ended
  }

  /** Wakes all who wait for this provider. */
  tell(provider: string): void {
    const waiting = this.#waiting.get(provider)
    if (waiting === undefined) return
    this.#waiting.delete(provider)
    for (const wake of waiting) wake()
  }
}
