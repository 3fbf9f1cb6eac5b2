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
  if (epochMs !== latest.ms) latest = { ms: epochMs, text: new Date(epochMs).toISOString() }
  return latest.text
}

/** Under load many lines are written within one millisecond. */
let latest = { ms: 0, text: '1970-01-01T00:00:00.000Z' }
