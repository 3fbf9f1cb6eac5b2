import { expect, it } from 'vitest'
import { nextReset } from './calendar.ts'

it.each([
  ['midnight-utc', '2026-03-01T00:00:00.000Z', '2026-03-02T00:00:00.000Z'],
  ['midnight-utc', '2026-03-01T23:59:59.999Z', '2026-03-02T00:00:00.000Z'],
  ['month-utc', '2026-03-01T00:00:00.000Z', '2026-04-01T00:00:00.000Z'],
  ['month-utc', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z'],
  // Winter, summer, and both nights on which the clocks of the zone change.
  ['midnight-pacific', '2026-01-10T07:59:59.999Z', '2026-01-10T08:00:00.000Z'],
  ['midnight-pacific', '2026-01-10T08:00:00.000Z', '2026-01-11T08:00:00.000Z'],
  ['midnight-pacific', '2026-07-10T06:59:59.999Z', '2026-07-10T07:00:00.000Z'],
  ['midnight-pacific', '2026-07-10T12:34:56.000Z', '2026-07-11T07:00:00.000Z'],
  ['midnight-pacific', '2026-03-08T08:00:00.000Z', '2026-03-09T07:00:00.000Z'],
  ['midnight-pacific', '2026-11-01T07:00:00.000Z', '2026-11-02T08:00:00.000Z'],
] as const)('%s after %s', (calendar, seen, reset) => {
  expect(new Date(nextReset(calendar, Date.parse(seen))).toISOString()).toBe(reset)
})
