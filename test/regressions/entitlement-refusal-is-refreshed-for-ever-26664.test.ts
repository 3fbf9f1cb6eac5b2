import { describe, expect, it } from 'vitest'
import { Refresher } from '../../src/oauth/refresh.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { type Answered, relayBefore } from '../support/relay-fixtures.ts'
import { TokenServer } from '../support/token-server.ts'

async function loginThatIsAnswered(answer: Answered) {
  const server = new TokenServer('rt_0')
  const relay = await relayBefore({
    routes: [
      {
        provider: 'openai-codex',
        tokens: [{ label: 'a', type: 'oauth', secret: { token: 'a', refreshToken: 'rt_0' } }, 'b'],
      },
    ],
    answer: ({ token }) => (token === 'b' ? 'good' : answer),
    refresher: (store, platform) =>
      new Refresher({
        store: store.refreshes,
        platform,
        wayOf: () => ({ machine: false }),
        ask: async (_, token) => server.refresh(token, platform.clock.now()),
        fingerprintOf,
        onTrouble: () => undefined,
      }),
  })
  return { relay, server }
}

/** A refusal that no token can cure was followed by a refresh, the same refusal, a refresh, and so on (26664, 26847, 28351). */
describe('a refresh cures an ended token and nothing else', () => {
  it.each([
    [403, { detail: { code: 'usage_not_included', message: 'Your plan does not include this model' } }],
    [403, { error: { message: 'You do not have access to this feature' } }],
  ])('%i %j: no refresh, the next account serves', async (status, body) => {
    const { relay, server } = await loginThatIsAnswered({ status, body })
    expect((await relay.call()).status).toBe(200)
    expect(relay.tokens()).toEqual(['a', 'b'])
    expect(server.posts).toBe(0)
  })

  it('a 401 that stays after the refresh: one refresh, then the next account', async () => {
    const { relay, server } = await loginThatIsAnswered({
      status: 401,
      body: { error: { code: 'token_expired', message: 'expired' } },
    })
    expect((await relay.call()).status).toBe(200)
    expect(relay.tokens()).toEqual(['a', 'at_1', 'b'])
    expect(server).toMatchObject({ posts: 1, reuses: 0 })
  })
})
