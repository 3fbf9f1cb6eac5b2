import type { CutSignal } from './network.ts'

/** The only source of waiting. */
export interface Timers {
  /**
   * Waits `ms`, or until `signal` aborts.
   * @returns `'elapsed'` or `'aborted'`: a cut wait is a value, never an exception.
   */
  sleep(ms: number, signal?: CutSignal): Promise<'elapsed' | 'aborted'>
  /**
   * Calls back once after `ms`; the returned function cancels. Never keeps the process alive when `unref` is true.
   * With `behindArrivals` whatever has arrived on sockets by then is read first: a process that was late itself finds its timers due before it
   * has looked, and would take its own sleep for another's silence.
   */
  after(
    ms: number,
    callback: () => void,
    options?: { readonly unref?: boolean; readonly behindArrivals?: boolean },
  ): () => void
  /** Calls back every `ms`; the returned function cancels. */
  every(ms: number, callback: () => void, options?: { readonly unref?: boolean }): () => void
}

/** Node fires a timer at once when its delay is over 2^31-1 ms (24.8 days): a bench of a month would become a busy loop. */
const LONGEST_TIMER_MS = 2_147_483_647

export const systemTimers: Timers = {
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.resolve('aborted')
    return new Promise((resolve) => {
      const onAbort = () => {
        signal?.removeEventListener('abort', onAbort)
        cancel()
        resolve('aborted')
      }
      const cancel = systemTimers.after(ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve('elapsed')
      })
      signal?.addEventListener('abort', onAbort)
    })
  },
  after(ms, callback, options) {
    let remainingMs = Math.max(0, ms)
    let timer: NodeJS.Timeout
    let behind: NodeJS.Immediate | undefined
    const due = () => {
      if (options?.behindArrivals !== true) return callback()
      behind = setImmediate(callback)
    }
    const arm = () => {
      const stepMs = Math.min(remainingMs, LONGEST_TIMER_MS)
      remainingMs -= stepMs
      timer = setTimeout(() => (remainingMs > 0 ? arm() : due()), stepMs)
      if (options?.unref) timer.unref()
    }
    arm()
    return () => {
      clearTimeout(timer)
      clearImmediate(behind)
    }
  },
  every(ms, callback, options) {
    const timer = setInterval(callback, Math.min(Math.max(1, ms), LONGEST_TIMER_MS))
    if (options?.unref) timer.unref()
    return () => clearInterval(timer)
  },
}
