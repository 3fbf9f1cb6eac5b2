import { expect, it } from 'vitest'
import { Meter } from '../../bench/policies/meter.ts'

const MINUTE_MS = 60_000

function meterOf(state: { freeFromMs: number; avoidedUntilMs: number }): Meter {
  return new Meter(
    { accounts: ['a'], freeFromMs: () => state.freeFromMs, avoidedUntilMs: () => state.avoidedUntilMs },
    0,
  )
}

it('adds up only the time in which a free account is refused', () => {
  const state = { freeFromMs: 3 * MINUTE_MS, avoidedUntilMs: 5 * MINUTE_MS }
  const meter = meterOf(state)
  meter.advance(2 * MINUTE_MS)
  expect(meter.tally().avoidedMinutes).toBe(0)
  meter.advance(4 * MINUTE_MS)
  expect(meter.tally().avoidedMinutes).toBe(1)
  meter.advance(60 * MINUTE_MS)
  expect(meter.tally().avoidedMinutes).toBe(2)
})

it('lets the first call of an exhaustion find out, and counts minutes of every further one', () => {
  const meter = meterOf({ freeFromMs: 0, avoidedUntilMs: 0 })
  meter.exhausted('a')
  meter.refused('a', MINUTE_MS)
  expect(meter.tally()).toMatchObject({ exhaustions: 1, refusedCalls: 1, hammeredMinutes: 0 })
  meter.refused('a', MINUTE_MS + 1)
  meter.refused('a', MINUTE_MS + 2)
  meter.refused('a', 2 * MINUTE_MS)
  expect(meter.tally()).toMatchObject({ refusedCalls: 4, hammeredMinutes: 2 })
  meter.exhausted('a')
  meter.refused('a', 9 * MINUTE_MS)
  expect(meter.tally().hammeredMinutes).toBe(2)
})

it('tells a metered call apart from one that had to be', () => {
  const state = { freeFromMs: MINUTE_MS, avoidedUntilMs: 0 }
  const meter = meterOf(state)
  meter.metered(MINUTE_MS - 1)
  meter.metered(MINUTE_MS)
  expect(meter.tally()).toMatchObject({ meteredCalls: 2, meteredWhileFree: 1 })
})
