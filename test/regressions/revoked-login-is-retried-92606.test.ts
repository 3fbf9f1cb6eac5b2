import { describe, expect, it } from 'vitest'
import { Refresher } from '../../src/oauth/refresh.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { DAY, MINUTE } from '../support/pool-fixtures.ts'
import { relayBefore } from '../support/relay-fixtures.ts'
import { refusal } from '../support/token-server.ts'

/** A login that its provider had revoked was sent again and again: nothing knew the word for it. */
describe('a revoked login (92606, 65346)', () => {
  async function revoked() {
    let posts = 0
    const relay = await relayBefore({
      routes: [
        {
          provider: 'openai-codex',
          tokens: [{ label: 'a', type: 'oauth', secret: { token: 'a', refreshToken: 'rt_a' } }, 'b'],
        },
      ],
      answer: ({ token }) =>
        token === 'a'
          ? { status: 401, body: { error: { code: 'token_revoked', message: 'Encountered invalidated oauth token' } } }
          : 'good',
      refresher: (store, platform) =>
        new Refresher({
          store: store.refreshes,
          platform,
          wayOf: () => ({ machine: false }),
          ask: async () => {
            posts += 1
            return refusal('refresh_token_invalidated', platform.clock.now())
          },
          fingerprintOf,
          onTrouble: () => undefined,
        }),
    })
    return { relay, posts: () => posts }
  }

  it('is asked once, the next account serves, and days later it is not asked again', async () => {
    const { relay, posts } = await revoked()
    expect((await relay.call()).status).toBe(200)
    expect(relay.tokens()).toEqual(['a', 'b'])
    for (const ms of [5 * MINUTE, DAY, 14 * DAY]) {
      relay.platform.advance(ms)
      expect((await relay.call()).status).toBe(200)
    }
    expect(new Set(relay.tokens())).toEqual(new Set(['b']))
    expect(posts()).toBeLessThanOrEqual(1)
    expect(await relay.benched()).toEqual(['a: auth_revoked'])
  })

  it('serves again as soon as somebody has signed in', async () => {
    const { relay } = await revoked()
    await relay.call()
    await relay.store.replaceSecret('cred_a', { token: 'a2', refreshToken: 'rt_2' }, fingerprintOf('a2'))
    relay.tokens()
    await relay.call({ session: 'two' })
    expect(relay.tokens()).toEqual(['a2'])
  })
})
