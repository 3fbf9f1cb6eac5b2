import { expect, it } from 'vitest'
import { DAY, MINUTE, SECOND } from '../support/pool-fixtures.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** Every few minutes the whole traffic went back to a primary that was still empty, failed there and returned. */
it('an empty primary is tried by one call at a time, ever more seldom, and served by the fallback meanwhile (106475)', async () => {
  const error = { type: 'usage_limit_reached', message: 'used up', resets_in_seconds: (3 * DAY) / SECOND }
  const relay = await relayBefore({
    routes: [
      { provider: 'openai', tokens: ['a'] },
      { provider: 'openrouter', tokens: ['k'] },
    ],
    answer: ({ token }) => (token === 'a' ? { status: 429, body: { error } } : 'good'),
  })
  for (let minute = 0; minute < 24 * 60; minute += 15) {
    const both = await Promise.all([relay.call(), relay.call()])
    for (const got of both) expect([got.status, got.headers['x-sparekey-credential']]).toEqual([200, 'k'])
    relay.platform.advance(15 * MINUTE)
  }
  const tried = relay.tokens().filter((token) => token === 'a').length
  // Two calls met the empty account at once; then trials after 15 and 30 minutes, 1, 2 and 4 hours, and every six.
  expect(tried).toBeGreaterThanOrEqual(6)
  expect(tried).toBeLessThanOrEqual(10)
})
