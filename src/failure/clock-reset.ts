import { nextClockTime, nextDateTime } from './zone-clock.ts'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** `resets 8:30pm (Asia/Tokyo)`, `resets at 15:30 (UTC)`, `resets Oct 6, 1pm (Europe/London)`. */
const CLOCK_PROSE =
  /\bresets?(?: will)?(?: be)?(?: at| on)? (?:([a-z]{3})[a-z]{0,6} (\d{1,2})(?:,| at|, at)? )?(\d{1,2})(?::(\d{2}))? ?([ap]m)? \(([a-z]{2,20}(?:[/_-][a-z]{1,20}){0,4})\)/i

/** A sentence is late, or rounds its minute down: what it calls 8:30 and is seen at 8:32 is over, and not a day away. */
const LATE_MS = 5 * 60_000

/**
 * Reads when the clocks of a named zone show the time that a sentence promises. Without a zone it is nobody's time.
 * @returns epoch ms, at most 5 minutes before `seenAtMs`; undefined when the text has no such time
 */
export function clockReset(text: string, seenAtMs: number): number | undefined {
  const match = CLOCK_PROSE.exec(text)
  if (match === null) return undefined
  const [, monthName, day, hour = '', minute = '0', half, zone = ''] = match
  const minuteOfDay = minuteOf(Number(hour), Number(minute), half?.toLowerCase())
  if (minuteOfDay === undefined) return undefined
  if (monthName === undefined) return nextClockTime(zone, minuteOfDay, seenAtMs - LATE_MS)
  const month = MONTHS.indexOf(monthName.toLowerCase()) + 1
  return month === 0 ? undefined : nextDateTime(zone, month, Number(day), minuteOfDay, seenAtMs - LATE_MS)
}

function minuteOf(hour: number, minute: number, half: string | undefined): number | undefined {
  if (minute > 59) return undefined
  if (half === undefined) return hour > 23 ? undefined : hour * 60 + minute
  if (hour < 1 || hour > 12) return undefined
  return ((hour % 12) + (half === 'pm' ? 12 : 0)) * 60 + minute
}
