import { expect, it } from 'vitest'
import { relayBefore } from '../support/relay-fixtures.ts'

/** The pool knew 401, 402 and 429. Limits and refusals with any other status never rotated. The words decide, not a list of statuses. */
it.each([
  [403, { error: { message: 'Your credit balance is too low' } }, 'billing'],
  [403, { error: { code: 'insufficient_quota', message: 'no quota' } }, 'billing'],
  [403, { error: { message: 'You have reached your weekly usage limit' } }, 'quota_exhausted'],
  [403, { error: { message: 'Your organization must be verified to use this model' } }, 'entitlement'],
  [400, { error: { message: 'Incorrect API key provided' } }, 'auth_revoked'],
  [404, { error: { message: 'The account has been deactivated' } }, 'auth_revoked'],
  [500, { error: { message: 'Your credit balance is too low' } }, 'billing'],
])('HTTP %i %j rotates and benches the key (8289, 15120)', async (status, body, label) => {
  const relay = await relayBefore({
    routes: [{ provider: 'openai', tokens: ['a', 'b'] }],
    answer: ({ token }) => (token === 'a' ? { status, body } : 'good'),
  })
  expect((await relay.call()).status).toBe(200)
  expect(relay.tokens()).toEqual(['a', 'b'])
  expect(await relay.benched()).toEqual([`a: ${label}`])
})
