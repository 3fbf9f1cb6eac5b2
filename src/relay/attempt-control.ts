import { Cut } from '../platform/cut.ts'
import type { CutSignal } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'

/** Why an attempt was cut by us. Read instead of guessing from the exception, which looks the same for all of them. */
export type CutCause = 'caller' | 'deadline' | 'first_byte' | 'idle'

/** A gateway that was out of breath must not blame an upstream that has long answered. */
const BEHIND_ARRIVALS = { behindArrivals: true } as const

/** One cut signal for an attempt, with the reason of the cut. `finish()` must be called exactly once, whatever happened. */
export class AttemptControl {
  readonly cut = new Cut()
  readonly #platform: Platform
  readonly #caller: CutSignal
  readonly #onCallerAbort: () => void
  #cancelDeadline: () => void
  #cancelTimer: (() => void) | undefined
  #cause: CutCause | undefined

  constructor(platform: Platform, caller: CutSignal, remainingMs: number) {
    this.#platform = platform
    this.#caller = caller
    this.#onCallerAbort = () => this.#cut('caller')
    if (caller.aborted) this.#cut('caller')
    else caller.addEventListener('abort', this.#onCallerAbort)
    this.#cancelDeadline = platform.timers.after(remainingMs, () => this.#cut('deadline'), BEHIND_ARRIVALS)
  }

  get cause(): CutCause | undefined {
    return this.#cause
  }

  /** Cuts the attempt unless `promise` settles within `ms`. A wait that the caller's slowness causes must not run inside. */
  async within<T>(cause: 'first_byte' | 'idle', ms: number, promise: Promise<T>): Promise<T> {
    this.#cancelTimer = this.#platform.timers.after(ms, () => this.#cut(cause), BEHIND_ARRIVALS)
    try {
      return await promise
    } finally {
      this.#cancelTimer()
      this.#cancelTimer = undefined
    }
  }

  /** The first visible output has come: the call's deadline no longer applies. */
  commit(): void {
    this.#cancelDeadline()
  }

  finish(): void {
    this.#cancelDeadline()
    this.#cancelTimer?.()
    this.#caller.removeEventListener('abort', this.#onCallerAbort)
  }

  #cut(cause: CutCause): void {
    if (this.#cause !== undefined) return
    this.#cause = cause
    this.cut.abort()
  }
}
