import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE, SECOND, testPool } from '../support/pool-fixtures.ts'

/** Every limit got the same fixed time, those for billing included. The provider's time comes first, a ladder second. */
describe('the length of a bench (13619, 33049, 13680)', () => {
  it.each([
    ['rate_limit', 7 * SECOND],
    ['rate_limit', 9 * MINUTE],
    ['quota_exhausted', 90 * MINUTE],
    ['quota_exhausted', 6 * DAY],
  ] as const)('%s: what the provider said, here %i ms', async (label, ms) => {
    const { failWith, platform, benches } = await testPool(['a'])
    const seenAtMs = platform.clock.now()
    await failWith(label, label === 'rate_limit' ? { retryAfterMs: ms } : { resetAt: seenAtMs + ms })
    expect((await benches())[0]?.untilMs).toBe(seenAtMs + ms)
  })

  it.each([
    ['rate_limit', [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * SECOND)],
    ['billing', [1, 2, 4, 8, 16, 24, 24].map((hours) => hours * HOUR)],
  ] as const)('%s without a word about time: longer each time in a row, up to a bound', async (label, ladder) => {
    const { failWith, platform, benches } = await testPool(['a'])
    for (const ms of ladder) {
      await failWith(label)
      expect(((await benches())[0]?.untilMs ?? 0) - platform.clock.now()).toBe(ms)
      platform.advance(ms)
    }
  })
})
