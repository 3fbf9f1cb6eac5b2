import { systemPlatform } from '../../src/platform/platform.ts'
import type { Platform } from '../../src/platform/platform.ts'

/** Time that leaps over every pause: a wait of a quarter of an hour takes no time, and is over all the same. */
export interface LeapingPlatform extends Platform {
  /** Pauses that were asked for, ms. */
  readonly pausesMs: readonly number[]
}

/** @param beforePause called before each pause: what happens meanwhile */
export function leapingPlatform(beforePause: (ms: number) => void = () => {}): LeapingPlatform {
  let leaptMs = 0
  const pausesMs: number[] = []
  return {
    pausesMs,
    clock: {
      now: () => systemPlatform.clock.now() + leaptMs,
      monotonic: () => systemPlatform.clock.monotonic() + leaptMs,
    },
    random: systemPlatform.random,
    timers: {
      ...systemPlatform.timers,
      sleep: async (ms, signal) => {
        pausesMs.push(ms)
        beforePause(ms)
        if (signal?.aborted) return 'aborted'
        leaptMs += ms
        await new Promise((resolve) => setImmediate(resolve))
        return 'elapsed'
      },
    },
  }
}
