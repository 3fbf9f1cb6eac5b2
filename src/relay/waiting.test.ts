import { describe, expect, it } from 'vitest'
import { MINUTE, SECOND } from '../../test/support/pool-fixtures.ts'
import { relayBefore, type TestRelay } from '../../test/support/relay-fixtures.ts'
import { leastAttemptMs } from './waiting.ts'

/** One account that is used up for a minute at its first call. */
async function usedUp(deadlineMs: number): Promise<TestRelay> {
  let empty = true
  const error = { type: 'usage_limit_reached', message: 'used up', resets_in_seconds: 60 }
  return relayBefore({
    routes: [{ provider: 'openai', tokens: ['a'] }],
    limits: { deadlineMs },
    answer: () => {
      if (!empty) return 'good'
      empty = false
      return { status: 429, body: { error } }
    },
  })
}

describe('a call that waits for an account', () => {
  it('is answered when the account returns well before its deadline', async () => {
    const relay = await usedUp(MINUTE + 2 * SECOND)
    expect((await relay.call()).status).toBe(200)
    expect(relay.sent).toHaveLength(2)
  })

  it('does not wait when no time would be left for an answer: the account would pay for what is cut', async () => {
    const relay = await usedUp(MINUTE + SECOND / 2)
    const startedAtMs = relay.platform.clock.now()
    const got = await relay.call()
    expect(got.status).toBe(429)
    expect(got.text).toContain('usage_limit_reached')
    expect(relay.platform.clock.now() - startedAtMs).toBeLessThan(SECOND)
    expect(relay.sent).toHaveLength(1)
  })

  it('leaves a second for the attempt, and of a short deadline a twentieth', () => {
    expect([100, 10 * SECOND, MINUTE, 10 * MINUTE].map(leastAttemptMs)).toEqual([5, 500, SECOND, SECOND])
  })
})
