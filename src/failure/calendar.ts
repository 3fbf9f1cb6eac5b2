import type { ResetCalendar } from './rule.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const PACIFIC = new Intl.DateTimeFormat('en-US', { timeZone: 'America/Los_Angeles', hour: 'numeric', hourCycle: 'h23' })

/** The next moment at which a window of this calendar begins anew, epoch ms. */
export function nextReset(calendar: ResetCalendar, seenAtMs: number): number {
  const midnight = Math.floor(seenAtMs / DAY_MS) * DAY_MS + DAY_MS
  if (calendar === 'midnight-utc') return midnight
  if (calendar === 'month-utc') {
    const seen = new Date(seenAtMs)
    return Date.UTC(seen.getUTCFullYear(), seen.getUTCMonth() + 1, 1)
  }
  // Whole hours, because a day of the zone has 23 or 25 of them when clocks change.
  let hour = Math.floor(seenAtMs / HOUR_MS) * HOUR_MS
  do hour += HOUR_MS
  while (PACIFIC.format(hour) !== '00')
  return hour
}
