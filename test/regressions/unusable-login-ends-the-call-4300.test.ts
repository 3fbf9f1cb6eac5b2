import { describe, expect, it } from 'vitest'
import { classify } from '../../src/failure/classify.ts'
import { observeHttp } from '../../src/failure/observe-http.ts'
import { decide } from '../../src/recovery/decide.ts'
import { DEFAULT_POLICY } from '../../src/recovery/policy.ts'
import { relayBefore } from '../support/relay-fixtures.ts'
import { situationOf } from '../support/situation.ts'

/** A refresh that failed was the end of the call. It is a failure of that credential, and the next one's turn. */
describe('a login that cannot be used (4300)', () => {
  it.each(['invalid_grant', 'refresh_token_reused', 'refresh_token_expired'])(
    'refused by the token endpoint (%s) is the fault of this credential: rotate',
    (code) => {
      const body = JSON.stringify({ error: code, error_description: 'refused' })
      const seen = { provider: 'openai-codex', api: 'oauth', status: 400, headers: {}, body, seenAtMs: 0 } as const
      const failure = classify(observeHttp(seen))
      expect(failure).toMatchObject({ label: 'auth_revoked', blame: 'credential' })
      expect(decide(failure, situationOf({ otherReady: 1 }), DEFAULT_POLICY).action).toBe('rotate')
    },
  )

  it('expired and not to be refreshed: the next one serves', async () => {
    const relay = await relayBefore({
      routes: [{ provider: 'openai-codex', tokens: ['a', 'b'] }],
      answer: ({ token }) =>
        token === 'a' ? { status: 401, body: { error: { code: 'token_expired', message: 'Token expired' } } } : 'good',
    })
    expect((await relay.call()).status).toBe(200)
    expect(relay.tokens()).toEqual(['a', 'b'])
    expect(await relay.benched()).toEqual(['a: auth_expired'])
  })

  it('whose secret cannot be read: the next one serves', async () => {
    const relay = await relayBefore({ routes: [{ provider: 'openai', tokens: ['a', 'b'] }] })
    const readSecret = relay.store.readSecret.bind(relay.store)
    relay.store.readSecret = (id) => (id === 'cred_a' ? Promise.reject(new Error('does not decrypt')) : readSecret(id))
    expect((await relay.call()).status).toBe(200)
    expect(relay.tokens()).toEqual(['b'])
  })
})
