import { describe, expect, it } from 'vitest'
import { SECOND } from '../support/pool-fixtures.ts'
import { type Answered, relayBefore } from '../support/relay-fixtures.ts'

/** Each layer had a timeout of its own, and they added up to minutes and hours. One deadline, from which everything subtracts. */
const NUMBERS = '42776, 25689, 43211, 22277, 8985, 115024, 25249, 39584, 32042'
const DEADLINE_MS = 100 * SECOND
const WAYS: Readonly<Record<string, Answered>> = {
  'never answers': 'silence',
  'asks for a minute of patience each time': {
    status: 429,
    body: { error: { message: 'Rate limit reached' } },
    headers: { 'retry-after': '45' },
  },
  'is overloaded for ever': {
    status: 503,
    body: { error: { message: 'Service unavailable' } },
    headers: { 'retry-after': '25' },
  },
}

describe.each(Object.entries(WAYS))('every upstream of the chain %s', (_way, answer) => {
  it(`the call ends by its deadline, with one typed failure (${NUMBERS})`, async () => {
    const relay = await relayBefore({
      routes: ['openai', 'groq', 'openrouter'].map((provider) => ({
        provider,
        tokens: [1, 2, 3].map((each) => `${provider}-${each}`),
      })),
      limits: { deadlineMs: DEADLINE_MS, firstByteMs: 40 * SECOND },
      answer: () => answer,
    })
    const startedAtMs = relay.platform.clock.now()
    const got = await relay.call()
    expect(relay.platform.clock.now() - startedAtMs).toBeLessThanOrEqual(DEADLINE_MS + SECOND)
    expect(got.status).toBeGreaterThanOrEqual(400)
    expect(JSON.parse(got.text)).toHaveProperty('error')
  })
})
