import { describe, expect, it } from 'vitest'
import { DURATION_SOURCE, MOMENT_SOURCE, parseDurationMs, parseMoment } from './durations.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe('a duration', () => {
  it.each<readonly [string, number]>([
    ...['7ms', '7 msec', '7msecs', '7 millisecond', '7 milliseconds'].map((text) => [text, 7] as const),
    ...['7s', '7 sec', '7secs', '7 second', '7 seconds', '7 SECONDS'].map((text) => [text, 7 * SECOND] as const),
    ...['7m', '7 min', '7mins', '7 minute', '7 minutes'].map((text) => [text, 7 * MINUTE] as const),
    ...['7h', '7 hr', '7hrs', '7 hour', '7 hours'].map((text) => [text, 7 * HOUR] as const),
    ...['7d', '7 day', '7days'].map((text) => [text, 7 * DAY] as const),
    ...['7w', '7 week', '7weeks'].map((text) => [text, 7 * 7 * DAY] as const),
    ['12.25s', 12_250],
    ['1h43m56s', HOUR + 43 * MINUTE + 56 * SECOND],
    ['5 minutes and 3 seconds', 5 * MINUTE + 3 * SECOND],
    ['1 day, and 2 hours', DAY + 2 * HOUR],
    ['1 day,2 hours', DAY + 2 * HOUR],
    ['1 day,   2 hours', DAY + 2 * HOUR],
    ['3 days  4 hours', 3 * DAY + 4 * HOUR],
    ['  9s  ', 9 * SECOND],
  ])('%s', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms)
    expect(new RegExp(`^\\s*${DURATION_SOURCE}\\s*$`, 'i').test(text.replace(/ {2,}/g, ' '))).toBe(true)
  })

  it.each(['', ' ', '7', 's', 'soon', '7 parsecs', '7s ago', 'in 7s', '7s / 8s', '7sx', '1.s'])(
    '%j is none',
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined()
    },
  )
})

describe('a moment', () => {
  const noon = Date.UTC(2026, 5, 7, 12, 34, 56)

  it.each([
    ['2026-06-07T12:34:56Z', noon],
    ['2026-06-07 12:34:56', noon],
    ['2026-06-07 12:34:56 UTC', noon],
    ['2026-06-07 12:34:56 gmt', noon],
    ['  2026-06-07T12:34:56Z ', noon],
    ['2026-06-07T12:34:56.789Z', noon + 789],
    ['2026-06-07T12:34:56.7899999Z', noon + 789],
    ['2026-06-07T12:34:56.5Z', noon + 500],
    ['2026-06-07T12:34Z', noon - 56_000],
    ['2026-06-07', Date.UTC(2026, 5, 7)],
    ['2026-06-07T12:34:56+08:00', noon - 8 * HOUR],
    ['2026-06-07T12:34:56+0530', noon - 5.5 * HOUR],
    ['2026-06-07T12:34:56-03:30', noon + 3.5 * HOUR],
  ])('%s', (text, ms) => {
    expect(parseMoment(text)).toBe(ms)
    expect(new RegExp(`^\\s*${MOMENT_SOURCE}\\s*$`, 'i').test(text)).toBe(true)
  })

  it('without a zone is where its provider lives, with one it is not', () => {
    expect(parseMoment('2026-06-07 12:34:56', 480)).toBe(noon - 8 * HOUR)
    expect(parseMoment('2026-06-07 12:34:56Z', 480)).toBe(noon)
    expect(parseMoment('2026-06-07 12:34:56-01:00', 480)).toBe(noon + HOUR)
  })

  it.each([
    '',
    'tomorrow',
    '2026-06',
    'x2026-06-07',
    '2026-06-07x',
    '2026-06-07T12:34:56.Z',
    '2026-06-07T12:34:56.xZ',
    '2026-06-07T1:2Z',
    '2026-06-07T12:34:56+8',
  ])('%j is none', (text) => {
    expect(parseMoment(text)).toBeUndefined()
  })
})
