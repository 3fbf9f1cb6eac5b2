import { describe, expect, it } from 'vitest'
import { clockReset } from './clock-reset.ts'
import { nextClockTime } from './zone-clock.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')

function read(text: string, seen = NOON): string | undefined {
  const resetAt = clockReset(text, seen)
  return resetAt === undefined ? undefined : new Date(resetAt).toISOString()
}

describe('a time of the day in a named zone', () => {
  it.each([
    ['resets 10:30pm (Asia/Tokyo)', '2026-03-01T13:30:00.000Z'],
    ["You've hit your limit · resets 8:30pm (asia/tokyo)", '2026-03-02T11:30:00.000Z'],
    ['resets 3pm (America/Los_Angeles)', '2026-03-01T23:00:00.000Z'],
    ['resets at 3 PM (America/Argentina/Buenos_Aires)', '2026-03-01T18:00:00.000Z'],
    ['will reset at 12am (UTC)', '2026-03-02T00:00:00.000Z'],
    ['resets 12:45pm (UTC)', '2026-03-01T12:45:00.000Z'],
    ['resets at 15:30 (Europe/London)', '2026-03-01T15:30:00.000Z'],
    ['resets 0:05 (UTC)', '2026-03-02T00:05:00.000Z'],
    ['resets 23:59 (UTC)', '2026-03-01T23:59:00.000Z'],
    ['resets 1pm (Australia/Adelaide)', '2026-03-02T02:30:00.000Z'],
  ])('%s', (text, iso) => {
    expect(read(text)).toBe(iso)
  })

  it.each([
    'resets 8:30pm',
    'resets 3pm (local)',
    'resets 3pm (Middle/Earth)',
    'resets 3pm ()',
    'resets 13pm (UTC)',
    'resets 0am (UTC)',
    'resets 24:00 (UTC)',
    'resets 9:60 (UTC)',
    'presets 3pm (UTC)',
    'resets soon (UTC)',
    'resets 123 (UTC)',
  ])('%s is none', (text) => {
    expect(read(text)).toBeUndefined()
  })

  it('is over for five minutes, and then a day away', () => {
    const at = Date.parse('2026-03-01T15:00:00Z')
    expect(read('resets 3pm (UTC)', at - 1)).toBe('2026-03-01T15:00:00.000Z')
    expect(read('resets 3pm (UTC)', at + 5 * 60_000 - 1)).toBe('2026-03-01T15:00:00.000Z')
    expect(read('resets 3pm (UTC)', at + 5 * 60_000)).toBe('2026-03-02T15:00:00.000Z')
  })
})

describe('a date in a named zone', () => {
  it.each([
    ['resets Mar 6, 1pm (Europe/London)', '2026-03-06T13:00:00.000Z'],
    ['resets on March 6 at 1:15pm (Europe/Paris)', '2026-03-06T12:15:00.000Z'],
    ['resets mar 6 13:15 (UTC)', '2026-03-06T13:15:00.000Z'],
    ['resets december 31, at 11pm (UTC)', '2026-12-31T23:00:00.000Z'],
    ['resets Jan 2, 9am (UTC)', '2027-01-02T09:00:00.000Z'],
    // Summer has come by then.
    ['resets Apr 6, 1pm (Europe/London)', '2026-04-06T12:00:00.000Z'],
  ])('%s', (text, iso) => {
    expect(read(text)).toBe(iso)
  })

  it.each([
    'resets Foo 6, 1pm (UTC)',
    'resets Feb 30, 1pm (UTC)',
    'resets Apr 31, 1pm (UTC)',
    'resets May 6, 1pm (Middle/Earth)',
  ])('%s is none', (text) => {
    expect(read(text)).toBeUndefined()
  })

  it('of every month', () => {
    const names = ['January', 'Feb', 'mar', 'April', 'May', 'june', 'Jul', 'Aug', 'September', 'Oct', 'Nov', 'Dec']
    const start = Date.parse('2026-01-01T00:00:00Z')
    expect(names.map((name) => clockReset(`resets ${name} 9, 7am (UTC)`, start))).toEqual(
      names.map((_name, month) => Date.UTC(2026, month, 9, 7)),
    )
  })

  it('is over for five minutes, and then a year away', () => {
    const at = Date.parse('2026-03-06T13:00:00Z')
    expect(read('resets Mar 6, 1pm (UTC)', at + 5 * 60_000 - 1)).toBe('2026-03-06T13:00:00.000Z')
    expect(read('resets Mar 6, 1pm (UTC)', at + 5 * 60_000)).toBe('2027-03-06T13:00:00.000Z')
  })

  it('counts its year where the clock hangs', () => {
    // In Auckland the new year has begun.
    const eve = Date.parse('2026-12-31T20:00:00Z')
    expect(read('resets Jan 1, 10am (Pacific/Auckland)', eve)).toBe('2026-12-31T21:00:00.000Z')
    expect(read('resets Jan 1, 8am (Pacific/Auckland)', eve)).toBe('2027-12-31T19:00:00.000Z')
  })
})

describe('on days when clocks change', () => {
  it.each([
    ['the night before summer', '2026-03-08T05:00:00Z', 8 * 60, '2026-03-08T15:00:00.000Z'],
    ['the night before winter', '2026-11-01T05:00:00Z', 8 * 60, '2026-11-01T16:00:00.000Z'],
    ['half an hour into the morning', '2026-03-08T08:00:00Z', 30, '2026-03-08T08:30:00.000Z'],
  ])('%s', (_name, seen, minute, iso) => {
    expect(new Date(nextClockTime('America/Los_Angeles', minute, Date.parse(seen)) ?? 0).toISOString()).toBe(iso)
  })
})
