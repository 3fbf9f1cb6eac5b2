import type { Platform } from '../../src/platform/platform.ts'
import { seededRandom } from '../../src/platform/random.ts'

interface Timer {
  readonly atMs: number
  readonly callback: () => void
}

/** Time that moves only when told, and repeatable chance. */
export interface ManualPlatform extends Platform {
  /** Moves the clock and fires the timers that are due, in order. */
  advance(ms: number): void
  /** Timers that wait. */
  readonly waiting: () => number
}

/** @param startMs epoch ms at which the clock stands. @default 2026-01-01T00:00:00Z */
export function manualPlatform(startMs = 1_767_225_600_000, seed = 1): ManualPlatform {
  let nowMs = startMs
  const timers = new Set<Timer>()
  const after = (ms: number, callback: () => void) => {
    const timer: Timer = { atMs: nowMs + Math.max(0, ms), callback }
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  return {
    clock: { now: () => nowMs, monotonic: () => nowMs - startMs },
    random: seededRandom(seed),
    timers: {
      after,
      every(ms, callback) {
        let cancel = () => {}
        const arm = () => {
          cancel = after(ms, () => {
            arm()
            callback()
          })
        }
        arm()
        return () => cancel()
      },
      sleep(ms, signal) {
        if (signal?.aborted) return Promise.resolve('aborted')
        return new Promise((resolve) => {
          const cancel = after(ms, () => {
            signal?.removeEventListener('abort', onAbort)
            resolve('elapsed')
          })
          const onAbort = () => {
            cancel()
            resolve('aborted')
          }
          signal?.addEventListener('abort', onAbort)
        })
      },
    },
    advance(ms) {
      const untilMs = nowMs + ms
      for (;;) {
        const due = [...timers].filter((each) => each.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
        if (due === undefined) break
        timers.delete(due)
        nowMs = Math.max(nowMs, due.atMs)
        due.callback()
      }
      nowMs = untilMs
    },
    waiting: () => timers.size,
  }
}
