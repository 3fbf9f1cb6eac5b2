import type { Platform } from '../../src/platform/platform.ts'
import { seededRandom } from '../../src/platform/random.ts'

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly callback: () => void
  cancelled: boolean
}

/** Lets every promise that can settle without time passing settle. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A clock that jumps from timer to timer: three months take as long as the work in them. */
export class VirtualTime {
  readonly platform: Platform
  readonly #heap: Timer[] = []
  #nowMs: number
  #order = 0

  /** @param startMs epoch ms @param seed of the platform's chance (ids, jitter, `random`) */
  constructor(startMs: number, seed: number) {
    this.#nowMs = startMs
    const after = (ms: number, callback: () => void) => this.at(this.#nowMs + Math.max(0, ms), callback)
    this.platform = {
      clock: { now: () => this.#nowMs, monotonic: () => this.#nowMs - startMs },
      random: seededRandom(seed),
      timers: {
        after,
        every(ms, callback) {
          let cancel = () => {}
          const arm = () => {
            cancel = after(Math.max(1, ms), () => {
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
            const onAbort = () => {
              cancel()
              resolve('aborted')
            }
            const cancel = after(ms, () => {
              signal?.removeEventListener('abort', onAbort)
              resolve('elapsed')
            })
            signal?.addEventListener('abort', onAbort)
          })
        },
      },
    }
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /** Calls back at a moment; the returned function cancels. */
  at(atMs: number, callback: () => void): () => void {
    this.#order += 1
    const timer: Timer = { atMs, order: this.#order, callback, cancelled: false }
    this.#push(timer)
    return () => {
      timer.cancelled = true
    }
  }

  /** Fires timers in order until `done` settles, or until `untilMs`, whichever is first. */
  async runUntil(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    await settled()
    while (!isDone()) {
      const next = this.#heap[0]
      if (next === undefined || next.atMs > untilMs) break
      this.#pop()
      if (next.cancelled) continue
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.callback()
      await settled()
    }
    if (!isDone() && Number.isFinite(untilMs)) this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(timer)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || isBefore(above, timer)) break
      heap[index] = above
      index = parent
    }
    heap[index] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const left = heap[child]
      if (left === undefined) break
      const right = heap[child + 1]
      let smaller = left
      if (right !== undefined && isBefore(right, left)) {
        smaller = right
        child += 1
      }
      if (isBefore(last, smaller)) break
      heap[index] = smaller
      index = child
    }
    heap[index] = last
  }
}

/** Timers of the same moment fire in the order in which they were set: a run must repeat to the letter. */
function isBefore(one: Timer, other: Timer): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}
