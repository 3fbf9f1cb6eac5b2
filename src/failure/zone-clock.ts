import { parseMoment } from './durations.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

const CLOCKS = new Map<string, Intl.DateTimeFormat>()

/**
 * The next moment at which the clocks of a zone show a time of the day.
 * @param zone as the IANA names it, in any case: `America/Los_Angeles`, `utc`
 * @param minuteOfDay minutes since midnight as the clock shows them: a day on which clocks change has 23 or 25 hours
 * @returns epoch ms, later than `afterMs`; undefined when nobody knows the zone
 */
export function nextClockTime(zone: string, minuteOfDay: number, afterMs: number): number | undefined {
  const shownAt = clockOf(zone)
  if (shownAt === undefined) return undefined
  const today = Math.floor(shownAt(afterMs) / DAY_MS) * DAY_MS + minuteOfDay * MINUTE_MS
  const moment = momentShowing(shownAt, today)
  return moment > afterMs ? moment : momentShowing(shownAt, today + DAY_MS)
}

/**
 * The next moment at which the clocks of a zone show a date of the year and a time of the day.
 * @param month 1 to 12
 * @returns epoch ms, later than `afterMs`; undefined when nobody knows the zone or no year has this date
 */
export function nextDateTime(
  zone: string,
  month: number,
  day: number,
  minuteOfDay: number,
  afterMs: number,
): number | undefined {
  const shownAt = clockOf(zone)
  if (shownAt === undefined) return undefined
  const year = new Date(shownAt(afterMs)).getUTCFullYear()
  for (const each of [year, year + 1]) {
    const date = new Date(Date.UTC(each, month - 1, day))
    const moment = momentShowing(shownAt, date.getTime() + minuteOfDay * MINUTE_MS)
    if (date.getUTCDate() === day && moment > afterMs) return moment
  }
  return undefined
}

/** What a clock shows at a moment, as if its zone were UTC. */
type Clock = (atMs: number) => number

function clockOf(zone: string): Clock | undefined {
  const format = formatOf(zone.toLowerCase())
  // Sweden writes the time as ISO does.
  return format === undefined ? undefined : (atMs) => parseMoment(format.format(atMs)) ?? Number.NaN
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  const known = CLOCKS.get(zone)
  if (known !== undefined) return known
  try {
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
    // Only names that exist are kept: whoever answers us must not fill the memory.
    CLOCKS.set(zone, format)
    return format
  } catch {
    return undefined
  }
}

/** Twice, because the distance from UTC is that of the moment itself and not that of its neighbour on a day when clocks change. */
function momentShowing(shownAt: Clock, shown: number): number {
  const near = shown - (shownAt(shown) - shown)
  return shown - (shownAt(near) - near)
}
