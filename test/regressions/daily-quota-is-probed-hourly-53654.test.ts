import { describe, expect, it } from 'vitest'
import { classify } from '../../src/failure/classify.ts'
import type { Failure } from '../../src/failure/evidence.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { HOUR, MINUTE, testPool, verdictOf } from '../support/pool-fixtures.ts'
import { readFixture } from '../support/rule-tables.ts'

/** A quota of a day got an hour, or the "retry in 59s" that stood beside it: 27 empty keys were asked again all day. */
const DAY_QUOTA = readFixture('google/429-quota-per-day').evidence

function seenAt(seenAtMs: number): Failure {
  return classify({ ...DAY_QUOTA, seenAtMs }, PROVIDERS['gemini']?.rules)
}

describe('a quota of a day', () => {
  it("ends at the provider's midnight, whatever hint stands beside it (53654, 98905)", () => {
    expect(DAY_QUOTA.body).toContain('"retryDelay"')
    const failure = seenAt(Date.UTC(2026, 0, 1, 20))
    expect(failure).toMatchObject({ label: 'quota_exhausted', resetAt: Date.UTC(2026, 0, 2, 8) })
    expect(failure.retryAfterMs).toBeUndefined()
    // In summer, midnight there is an hour earlier.
    expect(seenAt(Date.UTC(2026, 6, 1, 20)).resetAt).toBe(Date.UTC(2026, 6, 2, 7))
  })

  it('is asked about a few times, not hourly, and all keys are back in time (53654)', async () => {
    const names = Array.from({ length: 27 }, (_, index) => `k${index}`)
    const { pool, platform, store } = await testPool(names)
    const request = { provider: 'openai', model: 'm', tried: new Map<string, number>() }
    const midnight = Date.UTC(2026, 0, 1, 8)
    let asked = 0
    for (; platform.clock.now() < midnight; platform.advance(10 * MINUTE)) {
      for (;;) {
        const acquired = await pool.acquire(request)
        if (acquired.kind === 'nothing') break
        asked += 1
        await acquired.lease.fail(verdictOf(seenAt(platform.clock.now())))
      }
    }
    // At first, then after 15 and 30 minutes, 1, 2 and 4 hours: the eighth hour is midnight.
    expect(asked / names.length).toBeLessThanOrEqual(6)
    expect((await store.snapshot()).benches.every(({ untilMs }) => untilMs === midnight)).toBe(true)
    expect((await pool.outlook(request)).ready).toBe(27)
    platform.advance(HOUR)
  })
})
