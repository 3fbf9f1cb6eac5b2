import { toIsoText } from '../platform/clock.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A duration as people say it, in its two largest units: `3 h 51 min`, `12 s`. */
export function spellDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms / SECOND) * SECOND)
  if (whole < SECOND) return ms <= 0 ? 'now' : 'under 1 s'
  if (whole < MINUTE) return `${whole / SECOND} s`
  if (whole < HOUR) return join(Math.floor(whole / MINUTE), 'min', Math.floor((whole % MINUTE) / SECOND), 's')
  if (whole < DAY) return join(Math.floor(whole / HOUR), 'h', Math.floor((whole % HOUR) / MINUTE), 'min')
  return join(Math.floor(whole / DAY), 'd', Math.floor((whole % DAY) / HOUR), 'h')
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** A moment in UTC, without what nobody reads: `2026-11-24 05:51 UTC`. */
export function spellMoment(epochMs: number): string {
  return `${toIsoText(epochMs).slice(0, 16).replace('T', ' ')} UTC`
}

/** @returns `one` for 1, else `many` */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
