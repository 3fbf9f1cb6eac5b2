import type { Platform } from '../platform/platform.ts'
import type { LoadLimits } from './options.ts'
import type { OwnError } from './own-error.ts'

/** The event loop is looked at this often, ms. */
const LOOK_MS = 200
/** A single late look is a pause (one giant body, a collection of garbage), not an overload. */
const LATE_LOOKS = 2
const RETRY_AFTER_S = '1'

/** Says when a further call would only make all of them slower: then it is refused at once, and its client tries again elsewhere or later. */
export class OverloadGuard {
  readonly #platform: Platform
  readonly #cancel: () => void
  #lookedAtMs: number
  #lateBy: number[] = []

  constructor(platform: Platform) {
    this.#platform = platform
    this.#lookedAtMs = platform.clock.monotonic()
    this.#cancel = platform.timers.every(LOOK_MS, () => this.#look(), { unref: true })
  }

  /** @param open calls being answered now, without the one that asks */
  refusal(open: number, { maxCalls, maxLagMs }: LoadLimits): OwnError | undefined {
    if (maxCalls > 0 && open >= maxCalls) return refused(`${open} calls are open, as many as "limits.maxCalls" allows`)
    if (maxLagMs > 0 && this.#lateBy.length === LATE_LOOKS && this.#lateBy.every((late) => late > maxLagMs))
      return refused('it is slower than "limits.maxLagMs" allows')
    return undefined
  }

  stop(): void {
    this.#cancel()
  }

  #look(): void {
    const nowMs = this.#platform.clock.monotonic()
    this.#lateBy = [...this.#lateBy, nowMs - this.#lookedAtMs - LOOK_MS].slice(-LATE_LOOKS)
    this.#lookedAtMs = nowMs
  }
}

function refused(why: string): OwnError {
  return {
    code: 'overloaded',
    message: `the gateway has too much to do: ${why}; try again in a moment`,
    headers: [['retry-after', RETRY_AFTER_S]],
  }
}
