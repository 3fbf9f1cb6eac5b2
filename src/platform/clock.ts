/** The only source of time. */
export interface Clock {
  /** Wall clock, epoch ms. */
  now(): number
  /** Monotonic ms, for durations: the wall clock may jump. */
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

/** Epoch ms as ISO text, for the edges (JSON, logs, headers). */
export function toIsoText(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
