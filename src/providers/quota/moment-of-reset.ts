import { parseDurationMs, parseMoment } from '../../failure/durations.ts'
import { amountOf } from './amount.ts'

const YEAR_2020_MS = Date.UTC(2020, 0, 1)
const LONGEST_WINDOW_MS = 400 * 86_400_000

/**
 * Reads when a window resets, however it is written: epoch ms, epoch seconds, seconds from now (`12`, `11.38`), a duration (`6m0s`), RFC 3339.
 * @returns epoch ms; undefined when it is none, or lies before 2020 or more than 400 days ahead
 */
export function momentOfReset(value: unknown, nowMs: number): number | undefined {
  const amount = amountOf(value)
  if (amount !== undefined)
    return plausible(amount > 1e12 ? amount : amount > 1e9 ? amount * 1000 : nowMs + amount * 1000, nowMs)
  if (typeof value !== 'string' || value.length > 64) return undefined
  const durationMs = parseDurationMs(value)
  return plausible(durationMs === undefined ? parseMoment(value) : nowMs + durationMs, nowMs)
}

function plausible(moment: number | undefined, nowMs: number): number | undefined {
  return moment !== undefined && moment >= YEAR_2020_MS && moment <= nowMs + LONGEST_WINDOW_MS
    ? Math.round(moment)
    : undefined
}
