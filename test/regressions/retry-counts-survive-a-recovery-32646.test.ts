import { describe, expect, it } from 'vitest'
import { relayBefore } from '../support/relay-fixtures.ts'

/** Counters were not reset together: just after the transport had recovered, the next hiccup fell back. */
const CUT = { throws: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }) }
const EMPTY = { status: 429, body: { error: { code: 'insufficient_quota', message: 'no quota' } } }

describe('retries are counted afresh (32646)', () => {
  it('by the next call', async () => {
    const script = [CUT, CUT, 'good', CUT, CUT, 'good'] as const
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: ['a'] },
        { provider: 'openrouter', tokens: ['k'] },
      ],
      answer: () => script[relay.sent.length - 1] ?? 'good',
    })
    await relay.call()
    await relay.call()
    expect(relay.tokens()).toEqual(['a', 'a', 'a', 'a', 'a', 'a'])
  })

  it('after a rotation', async () => {
    const script = [CUT, CUT, EMPTY, CUT, CUT, 'good'] as const
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: ['a', 'b'] },
        { provider: 'openrouter', tokens: ['k'] },
      ],
      answer: () => script[relay.sent.length - 1] ?? 'good',
    })
    expect((await relay.call()).status).toBe(200)
    expect(relay.tokens()).toEqual(['a', 'a', 'a', 'b', 'b', 'b'])
  })
})
