const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  msec: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
}

const PART =
  /(\d+(?:\.\d+)?)\s*(milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)(?![a-z])/giy

/** Source text of a duration for use inside larger patterns: `1h43m56s`, `11.054s`, `5 minutes and 3 seconds`. */
export const DURATION_SOURCE =
  '(?:\\d+(?:\\.\\d+)?\\s*(?:milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)(?![a-z])(?:,? and |, ?| )?)+'

/**
 * Reads a duration with units (Go `2m59.56s`, protobuf `34.07s`, `1h 43m`, `5 minutes`).
 * @returns ms, or undefined when the text is not one from end to end
 */
export function parseDurationMs(text: string): number | undefined {
  const trimmed = text.trim()
  let total = 0
  let index = 0
  while (index < trimmed.length) {
    PART.lastIndex = index
    const part = PART.exec(trimmed)
    if (part === null) return undefined
    total += Number(part[1]) * unitMs(part[2] ?? '')
    index = PART.lastIndex
    const joint = /^(?:,? and |,\s*|\s+)/i.exec(trimmed.slice(index))?.[0]
    index += joint?.length ?? 0
  }
  return index > 0 ? total : undefined
}

function unitMs(unit: string): number {
  const word = unit.toLowerCase()
  return UNIT_MS[word] ?? UNIT_MS[word.replace(/s$/, '')] ?? Number.NaN
}

const MOMENT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i

/** Source text of a moment for use inside larger patterns. */
export const MOMENT_SOURCE =
  '\\d{4}-\\d{2}-\\d{2}(?:[T ]\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,9})?)?)?\\s*(?:Z|UTC|GMT|[+-]\\d{2}:?\\d{2})?'

/**
 * Reads an ISO-like moment.
 * @param offsetMinutes zone of a text that names none. @default 0 (UTC)
 * @returns epoch ms, or undefined when it is none
 */
export function parseMoment(text: string, offsetMinutes = 0): number | undefined {
  const match = MOMENT.exec(text.trim())
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', zone] = match
  const ms = Math.floor(Number(`0.${fraction}`) * 1000)
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), ms)
  return Number.isNaN(local) ? undefined : local - zoneMinutes(zone, offsetMinutes) * 60_000
}

function zoneMinutes(zone: string | undefined, otherwise: number): number {
  if (zone === undefined) return otherwise
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (match === null) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]))
}
