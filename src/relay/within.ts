import type { Timers } from '../platform/timers.ts'

/** What `promise` gives within `ms`, else `undefined`; the promise runs on. */
export function within<T>(promise: Promise<T>, ms: number, timers: Timers): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(ms, () => resolve(undefined))
    promise.then(
      (value) => {
        cancel()
        resolve(value)
      },
      (error: unknown) => {
        cancel()
        reject(error)
      },
    )
  })
}
