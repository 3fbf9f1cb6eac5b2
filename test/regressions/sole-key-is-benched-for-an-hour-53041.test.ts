import { describe, expect, it } from 'vitest'
import { DAY, MINUTE, SECOND } from '../support/pool-fixtures.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** The only key there was got a fixed hour for a single throttle, or fifteen days because the provider had said so. */
describe('the only key, without a fallback', () => {
  it('is benched for a second for one throttle, and the call waits that long (53041)', async () => {
    let throttled = 1
    const relay = await relayBefore({
      routes: [{ provider: 'openai', tokens: ['a'] }],
      answer: () => (throttled-- > 0 ? { status: 429, body: { error: { message: 'Rate limit reached' } } } : 'good'),
    })
    const startedAtMs = relay.platform.clock.now()
    expect((await relay.call()).status).toBe(200)
    expect(relay.platform.clock.now() - startedAtMs).toBeLessThan(2 * SECOND)
    expect(await relay.benched()).toEqual([])
  })

  it('is tested after a minute, whatever reset was announced (119163)', async () => {
    let empty = true
    const error = { type: 'usage_limit_reached', message: 'used up', resets_in_seconds: (15 * DAY) / SECOND }
    const relay = await relayBefore({
      routes: [{ provider: 'openai', tokens: ['a'] }],
      answer: () => (empty ? { status: 429, body: { error } } : 'good'),
    })
    expect((await relay.call()).status).toBe(429)
    empty = false
    relay.platform.advance(MINUTE - 1)
    expect((await relay.call()).status).toBe(429)
    expect(relay.sent).toHaveLength(1)
    relay.platform.advance(1)
    expect((await relay.call()).status).toBe(200)
    expect(await relay.benched()).toEqual([])
  })
})
