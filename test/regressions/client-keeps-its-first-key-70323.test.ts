import { describe, expect, it } from 'vitest'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** A client was built once, with a key inside: after a rotation, or a new key, the old one went on being sent. */
describe('the key is looked up for every attempt', () => {
  it('after a rotation and after a change of the key (70323)', async () => {
    const relay = await relayBefore({
      routes: [{ provider: 'openai', tokens: ['a', 'b'] }],
      answer: ({ token }) =>
        token === 'a' ? { status: 401, body: { error: { message: 'Incorrect API key provided' } } } : 'good',
    })
    expect((await relay.call()).status).toBe(200)
    await relay.store.replaceSecret('cred_a', { token: 'a2' }, fingerprintOf('a2'))
    expect((await relay.call({ session: 'new' })).status).toBe(200)
    expect(relay.tokens()).toEqual(['a', 'b', 'a2'])
  })

  it('and so is the credential: what was added or put first since then counts (32684)', async () => {
    const relay = await relayBefore({ routes: [{ provider: 'openai', tokens: ['a'] }] })
    await relay.call({ session: '1' })
    await relay.store.addCredential(
      {
        id: 'cred_z',
        provider: 'openai',
        label: 'z',
        type: 'api-key',
        source: { kind: 'stored' },
        fingerprint: fingerprintOf('z'),
        secret: { token: 'z' },
        priority: -1,
      },
      0,
    )
    await relay.call({ session: '2' })
    await relay.store.removeCredential('cred_z')
    await relay.call({ session: '2' })
    expect(relay.tokens()).toEqual(['a', 'z', 'a'])
  })
})
