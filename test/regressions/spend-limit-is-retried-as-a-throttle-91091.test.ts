import { expect, it } from 'vitest'
import { relayBefore } from '../support/relay-fixtures.ts'

/** A monthly spend limit came as `rate_limit_error` and was retried for about 50 minutes. */
it.each([
  'This request would exceed your monthly spend limit.',
  'spend limit reached (monthly; resets 2026-08-01 00:00 UTC)',
])('%s: the next key in the same second, and no retry (91091)', async (message) => {
  const relay = await relayBefore({
    routes: [{ provider: 'anthropic', tokens: ['a', 'b'] }],
    wire: 'messages',
    answer: ({ token }) =>
      token === 'a' ? { status: 429, body: { type: 'error', error: { type: 'rate_limit_error', message } } } : 'good',
  })
  const startedAtMs = relay.platform.clock.now()
  expect((await relay.call()).status).toBe(200)
  expect(relay.tokens()).toEqual(['a', 'b'])
  expect(relay.platform.clock.now()).toBe(startedAtMs)
  expect((await relay.benched())[0]).toMatch(/^a: (?:billing|quota_exhausted)$/)
})

it('alone, it is told at once: nobody waits for a month (91091)', async () => {
  const message = 'This request would exceed your monthly spend limit.'
  const relay = await relayBefore({
    routes: [{ provider: 'anthropic', tokens: ['a'] }],
    wire: 'messages',
    answer: () => ({ status: 429, body: { type: 'error', error: { type: 'rate_limit_error', message } } }),
  })
  const startedAtMs = relay.platform.clock.now()
  expect((await relay.call()).status).toBeGreaterThanOrEqual(400)
  expect(relay.sent).toHaveLength(1)
  expect(relay.platform.clock.now()).toBe(startedAtMs)
})
