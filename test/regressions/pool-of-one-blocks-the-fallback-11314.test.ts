import { describe, expect, it } from 'vitest'
import { relayBefore } from '../support/relay-fixtures.ts'

/** "The pool has credentials" was taken for "the pool may recover": with a single key the fallback was never reached. */
const EMPTY = { status: 429, body: { error: { code: 'insufficient_quota', message: 'no quota' } } }
const NOT_THIS_MODEL = {
  status: 403,
  body: { error: { message: 'Your organization must be verified to use this model' } },
}

describe('the question is whether another credential is ready for this model now (11314, 12554, 13636)', () => {
  it('a pool of one falls back in the same call, and in later ones without asking', async () => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: ['a'] },
        { provider: 'openrouter', tokens: ['k'] },
      ],
      answer: ({ token }) => (token === 'a' ? EMPTY : 'good'),
    })
    expect((await relay.call()).headers['x-sparekey-route']).toBe('openrouter/gpt-5.5')
    expect((await relay.call()).status).toBe(200)
    expect(relay.tokens()).toEqual(['a', 'k', 'k'])
  })

  it('credentials that are benched, for all models or for this one, do not count', async () => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: ['a', 'b'] },
        { provider: 'openrouter', tokens: ['k'] },
      ],
      answer: ({ token }) => (token === 'a' ? EMPTY : token === 'b' ? NOT_THIS_MODEL : 'good'),
    })
    await relay.call()
    expect((await relay.call()).headers['x-sparekey-route']).toBe('openrouter/gpt-5.5')
    expect(relay.tokens()).toEqual(['a', 'b', 'k', 'k'])
    const other = await relay.pool.outlook({ provider: 'openai', model: 'another', tried: new Map() })
    expect(other.ready).toBe(1)
  })
})
