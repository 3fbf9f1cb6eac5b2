import { expect, it } from 'vitest'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { DAY, MINUTE } from '../support/pool-fixtures.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** Every 401 got five minutes, those of revoked keys too, so that they were tried again for ever. */
it('a revoked key is not asked again until it is another one (32849, 32873, 33904, 34412)', async () => {
  const relay = await relayBefore({
    routes: [{ provider: 'openai', tokens: ['a'] }],
    answer: ({ token }) =>
      token === 'a' ? { status: 401, body: { error: { message: 'Incorrect API key provided' } } } : 'good',
  })
  expect((await relay.call()).status).toBe(401)
  for (const ms of [5 * MINUTE, 5 * MINUTE, 15 * MINUTE, DAY, 7 * DAY, 14 * DAY]) {
    relay.platform.advance(ms)
    expect((await relay.call()).text).toContain('dead')
  }
  expect(relay.tokens()).toEqual(['a'])
  await relay.store.replaceSecret('cred_a', { token: 'a2' }, fingerprintOf('a2'))
  expect((await relay.call()).status).toBe(200)
  expect(relay.tokens()).toEqual(['a2'])
})
