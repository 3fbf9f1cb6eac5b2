import type { Timers } from '../platform/timers.ts'

/** What `promise` gives within `ms`, else `undefined`; the promise runs on. */
export async function within<T>(promise: Promise<T>, ms: number, timers: Timers): Promise<T | undefined> {
  let cancel = () => {}
  const late = new Promise<undefined>((resolve) => {
    cancel = timers.after(ms, () => resolve(undefined))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    cancel()
  }
}
