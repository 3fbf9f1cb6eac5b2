import type { ResetCalendar } from './rule.ts'
import { nextClockTime } from './zone-clock.ts'

const DAY_MS = 86_400_000

/** The next moment at which a window of this calendar begins anew, epoch ms. */
export function nextReset(calendar: ResetCalendar, seenAtMs: number): number {
  if (calendar === 'midnight-pacific')
    return nextClockTime('America/Los_Angeles', 0, seenAtMs) ?? nextMidnight(seenAtMs)
  if (calendar === 'midnight-utc') return nextMidnight(seenAtMs)
  const seen = new Date(seenAtMs)
  return Date.UTC(seen.getUTCFullYear(), seen.getUTCMonth() + 1, 1)
}

function nextMidnight(seenAtMs: number): number {
  return Math.floor(seenAtMs / DAY_MS) * DAY_MS + DAY_MS
}
