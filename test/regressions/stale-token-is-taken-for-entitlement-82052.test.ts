import { expect, it } from 'vitest'
import { classify } from '../../src/failure/classify.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** xAI answers 403 for a token that has ended; taken for an entitlement it was neither renewed nor rotated (82052, 29344, 47953, 28250). */
it('403 with bad-credentials is about the token; 403 without it is about the model', async () => {
  const body = { code: 'unauthenticated:bad-credentials', error: 'The OAuth2 access token could not be validated.' }
  const seen = (given: unknown) =>
    classify(
      {
        channel: 'http',
        provider: 'xai',
        api: 'chat-completions',
        status: 403,
        headers: {},
        body: JSON.stringify(given),
        seenAtMs: 0,
      },
      PROVIDERS['xai']?.rules,
    ).label
  expect(seen(body)).toBe('auth_expired')
  expect(seen({ code: 'permission-denied', error: 'Your team may not use this model.' })).toBe('entitlement')
  const relay = await relayBefore({
    routes: [{ provider: 'xai', tokens: ['a', 'b'] }],
    wire: 'chat-completions',
    answer: ({ token }) => (token === 'a' ? { status: 403, body } : 'good'),
  })
  expect((await relay.call()).status).toBe(200)
  expect(await relay.benched()).toEqual(['a: auth_expired'])
})
