import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../support/pool-fixtures.ts'
import { type Asked, type Answered, relayBefore } from '../support/relay-fixtures.ts'

/** The position in the chain, or "we are on the fallback", outlived the call: sessions were stranded at its end, or torn from it too early. */
const CHAIN = [
  { provider: 'openai', tokens: ['a'] },
  { provider: 'groq', tokens: ['b'] },
  { provider: 'openrouter', tokens: ['c'] },
]
const DOWN: Answered = { status: 503, body: { error: { message: 'Service unavailable' } } }
const emptyFor = (seconds: number): Answered => ({
  status: 429,
  body: { error: { type: 'usage_limit_reached', message: 'used up', resets_in_seconds: seconds } },
})

function chain(down: (asked: Asked) => Answered | undefined) {
  return relayBefore({ routes: CHAIN, answer: (asked) => down(asked) ?? 'good' })
}

describe('the place in the chain belongs to one call', () => {
  it('a call that ended on the last route, or beyond it, does not decide where the next one begins (20465, 57582)', async () => {
    let down = new Set(['a', 'b', 'c'])
    const relay = await chain(({ token }) => (down.has(token) ? DOWN : undefined))
    expect((await relay.call()).status).toBe(503)
    down = new Set(['a'])
    expect((await relay.call()).headers['x-sparekey-fallback']).toBe('overloaded')
    down = new Set()
    relay.tokens()
    const other = await relay.call({ session: 'another' })
    expect(other.headers['x-sparekey-route']).toBe('openai/gpt-5.5')
    expect(other.headers['x-sparekey-fallback']).toBeUndefined()
    expect(relay.tokens()).toEqual(['a'])
    // The session that fell stays for a minute, and not longer.
    relay.platform.advance(MINUTE - 1)
    expect((await relay.call()).headers['x-sparekey-fallback']).toBe('overloaded')
    relay.platform.advance(1)
    const back = await relay.call()
    expect(back.headers['x-sparekey-route']).toBe('openai/gpt-5.5')
    expect(back.headers['x-sparekey-fallback']).toBeUndefined()
  })

  it('every request of a long turn looks again (88595, 75041)', async () => {
    const relay = await chain(({ token }) =>
      token === 'a' && relay.sent.filter((each) => each.token === 'a').length === 1 ? emptyFor(600) : undefined,
    )
    const served: (string | undefined)[] = []
    for (let minute = 0; minute <= 11; minute += 1) {
      served.push((await relay.call({ session: 'one long turn' })).headers['x-sparekey-credential'])
      relay.platform.advance(MINUTE)
    }
    // No bench of a first route with a next one is tested before its time, and none is kept beyond it.
    expect(served.lastIndexOf('b')).toBe(9)
    expect(served.slice(10)).toEqual(['a', 'a'])
  })

  it('the return waits for a credential, not for a clock: never before it is ready, always as soon as it is (77607, 30223)', async () => {
    let empty = true
    const relay = await chain(({ token }) => (token === 'a' && empty ? emptyFor(300) : undefined))
    await relay.call()
    relay.platform.advance(5 * MINUTE - 1)
    expect((await relay.call()).headers['x-sparekey-credential']).toBe('b')
    relay.platform.advance(1)
    // Its time has come but it is still empty: back to the fallback within the same call.
    expect((await relay.call()).headers['x-sparekey-credential']).toBe('b')
    empty = false
    await relay.store.resetCredential('cred_a', relay.platform.clock.now())
    expect((await relay.call()).headers['x-sparekey-credential']).toBe('a')
    relay.platform.advance(HOUR)
    expect((await relay.call()).headers['x-sparekey-credential']).toBe('a')
  })
})
