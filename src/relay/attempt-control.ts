import type { Platform } from '../platform/platform.ts'

/** Why an attempt was cut by us. Read instead of guessing from the exception, which looks the same for all of them. */
export type CutCause = 'caller' | 'deadline' | 'first_byte' | 'idle'

/** One abort signal for an attempt, with the reason of the cut. `finish()` must be called exactly once, whatever happened. */
export class AttemptControl {
  readonly #controller = new AbortController()
  readonly #platform: Platform
  readonly #caller: AbortSignal
  readonly #onCallerAbort: () => void
  #cancelDeadline: () => void
  #cancelTimer: (() => void) | undefined
  #cause: CutCause | undefined

  constructor(platform: Platform, caller: AbortSignal, remainingMs: number) {
    this.#platform = platform
    this.#caller = caller
    this.#onCallerAbort = () => this.#cut('caller')
    if (caller.aborted) this.#cut('caller')
    else caller.addEventListener('abort', this.#onCallerAbort, { once: true })
    this.#cancelDeadline = platform.timers.after(remainingMs, () => this.#cut('deadline'))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get cause(): CutCause | undefined {
    return this.#cause
  }

  /** Cuts the attempt unless `promise` settles within `ms`. A wait that the caller's slowness causes must not run inside. */
  async within<T>(cause: 'first_byte' | 'idle', ms: number, promise: Promise<T>): Promise<T> {
    this.#cancelTimer = this.#platform.timers.after(ms, () => this.#cut(cause))
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
    this.#cause ??= cause
    this.#controller.abort()
  }
}
