import { describe, expect, it } from 'vitest'
import { relayBefore } from '../support/relay-fixtures.ts'

/** After the switch the fallback's failures were written into the pool of the provider before. */
const SPENT = { status: 402, body: { error: { message: 'Your credit balance is too low' } } }
const REFUSED = { status: 401, body: { error: { message: 'Incorrect API key provided' } } }

describe('each failure is charged where it happened (33088, 33163, 33233, 33258)', () => {
  it('when both providers fail, each in its own way', async () => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: ['a1', 'a2'] },
        { provider: 'openrouter', tokens: ['b1', 'b2'] },
      ],
      answer: ({ token }) => (token === 'a1' ? SPENT : token === 'a2' ? SPENT : token === 'b1' ? REFUSED : 'good'),
    })
    expect((await relay.call()).headers['x-sparekey-credential']).toBe('b2')
    expect(await relay.benched()).toEqual(['a1: billing', 'a2: billing', 'b1: auth_revoked'])
  })

  it('when the first fails by no fault of its credentials, only the fallback is benched', async () => {
    const down = { status: 503, body: { error: { message: 'Service unavailable' } } }
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: ['a1', 'a2'] },
        { provider: 'openrouter', tokens: ['b1'] },
      ],
      answer: ({ token }) => (token === 'b1' ? SPENT : down),
    })
    await relay.call()
    expect(await relay.benched()).toEqual(['b1: billing'])
    expect((await relay.pool.outlook({ provider: 'openai', model: 'gpt-5.5', tried: new Map() })).ready).toBe(2)
  })

  it('accounts of the same name stay apart', async () => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: [{ id: 'cred_1', label: 'work', secret: { token: 'one' } }] },
        { provider: 'openrouter', tokens: [{ id: 'cred_2', label: 'work', secret: { token: 'two' } }] },
      ],
      answer: ({ token }) => (token === 'one' ? SPENT : 'good'),
    })
    expect((await relay.call()).status).toBe(200)
    expect((await relay.store.snapshot()).benches.map(({ credentialId }) => credentialId)).toEqual(['cred_1'])
  })
})
