import { expect, it } from 'vitest'
import { Refresher } from '../../src/oauth/refresh.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** A process held an ended token in memory while another one had stored the new one: it refreshed with the spent one, or gave up. */
it('a 401 is answered by looking whether somebody has newer tokens, before anything is sent (15167)', async () => {
  let posts = 0
  const relay = await relayBefore({
    routes: [
      {
        provider: 'openai-codex',
        tokens: [{ label: 'a', type: 'oauth', secret: { token: 'old', refreshToken: 'rt_0' } }],
      },
    ],
    answer: async ({ token }) => {
      if (token !== 'old') return 'good'
      // While this call was on its way, another process renewed the login.
      await relay.store.replaceSecret('cred_a', { token: 'new', refreshToken: 'rt_1' }, fingerprintOf('new'))
      return { status: 401, body: { error: { code: 'token_expired', message: 'expired' } } }
    },
    refresher: (store, platform) =>
      new Refresher({
        store: store.refreshes,
        platform,
        wayOf: () => ({ machine: false }),
        ask: () => {
          posts += 1
          return Promise.reject(new Error('nobody should ask'))
        },
        fingerprintOf,
        onTrouble: () => undefined,
      }),
  })
  expect((await relay.call()).status).toBe(200)
  expect(relay.tokens()).toEqual(['old', 'new'])
  expect(posts).toBe(0)
  expect(await relay.benched()).toEqual([])
})
