import { describe, expect, it } from 'vitest'
import { backoffMs } from './backoff.ts'
import { DEFAULT_POLICY } from './policy.ts'

describe('backoff', () => {
  it.each([
    [0, 0.5, 1000],
    [1, 0.5, 2000],
    [2, 0.5, 4000],
    [0, 0, 800],
    [0, 0.999999, 1200],
  ])('follows the ladder of overloaded: retry %i with chance %f waits %i ms', (retry, chance, expected) => {
    expect(backoffMs(DEFAULT_POLICY.overloaded.retries, retry, undefined, chance)).toBe(expected)
  })

  it('never comes back before the hinted time', () => {
    for (const chance of [0, 0.3, 0.999]) {
      const wait = backoffMs(DEFAULT_POLICY.rate_limit.retries, 0, 2_500, chance)
      expect(wait).toBeGreaterThanOrEqual(2_500)
      expect(wait).toBeLessThanOrEqual(3_000)
    }
  })

  it.each([
    ['overloaded', 30_000, true],
    ['overloaded', 30_001, false],
    ['rate_limit', 60_000, true],
    ['rate_limit', 60_001, false],
  ] as const)('%s accepts a hint of %i ms: %s', (label, hintMs, accepted) => {
    expect(backoffMs(DEFAULT_POLICY[label].retries, 0, hintMs, 0) !== undefined).toBe(accepted)
  })

  it('ignores hints for labels whose row has none', () => {
    expect(backoffMs(DEFAULT_POLICY.connection.retries, 0, 90_000, 0.5)).toBe(100)
  })
})
