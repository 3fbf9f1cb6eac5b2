import { describe, expect, it } from 'vitest'
import { MINUTE, testPool } from '../support/pool-fixtures.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** "Out of extra usage" is sometimes what a content filter says: one request emptied the whole pool for good accounts' bills. */
const OUT = {
  status: 400,
  body: {
    type: 'error',
    error: { type: 'invalid_request_error', message: "You're out of extra usage. Add more at claude.ai" },
  },
}

describe('an ambiguous "out of extra usage" (82154, 32243, 31668)', () => {
  it('that a second account repeats is about the request: nobody stays benched, and the third is not asked', async () => {
    let filtered = true
    const relay = await relayBefore({
      routes: [{ provider: 'anthropic', tokens: ['a', 'b', 'c'] }],
      wire: 'messages',
      answer: () => (filtered ? OUT : 'good'),
    })
    expect((await relay.call()).status).toBeGreaterThanOrEqual(400)
    expect(relay.tokens()).toEqual(['a', 'b'])
    expect(await relay.benched()).toEqual([])
    filtered = false
    expect((await relay.call({ session: 'another' })).headers['x-sparekey-credential']).toBe('a')
  })

  it('of one account is tested by the usage endpoint, and lifted when there is credit', async () => {
    const probe = () => Promise.resolve({ windows: [], hasCredits: true })
    const { failWith, platform, who, benches } = await testPool(['a'], { probeUsage: { canProbe: () => true, probe } })
    await failWith('billing')
    platform.advance(15 * MINUTE - 1)
    expect(await who()).toBe('nothing')
    platform.advance(1)
    expect(await who()).toBe('a')
    expect(await benches()).toEqual([])
  })
})
