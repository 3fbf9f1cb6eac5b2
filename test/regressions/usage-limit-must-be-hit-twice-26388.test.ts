import { describe, expect, it } from 'vitest'
import { relayBefore } from '../support/relay-fixtures.ts'

/** "Retry the same key once" was the rule for every 429, so that an empty account was asked twice before anybody else was. */
const LIMIT = { error: { type: 'usage_limit_reached', message: 'The usage limit has been reached' } }
const THROTTLE = { error: { type: 'rate_limit_error', message: 'Rate limit reached for requests' } }

describe('a 429 (26388)', () => {
  it('about an empty account rotates at once', async () => {
    const relay = await relayBefore({
      routes: [{ provider: 'openai-codex', tokens: ['a', 'b'] }],
      answer: ({ token }) => (token === 'a' ? { status: 429, body: LIMIT } : 'good'),
    })
    const startedAtMs = relay.platform.clock.now()
    expect((await relay.call()).status).toBe(200)
    expect(relay.tokens()).toEqual(['a', 'b'])
    expect(relay.platform.clock.now()).toBe(startedAtMs)
  })

  it('about a throttle may be waited out with the same key, where nobody else is ready', async () => {
    let throttled = 1
    const relay = await relayBefore({
      routes: [{ provider: 'openai', tokens: ['a'] }],
      answer: () => (throttled-- > 0 ? { status: 429, body: THROTTLE } : 'good'),
    })
    expect((await relay.call()).status).toBe(200)
    expect(relay.tokens()).toEqual(['a', 'a'])
  })
})
