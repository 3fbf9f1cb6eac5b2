import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { challengeOf } from './oauth-grants.ts'
import { OAuthServer, type OAuthQuestion } from './oauth-server.ts'
import type { OAuthScript } from './oauth-script.ts'

function server(script: OAuthScript = {}) {
  const platform = manualPlatform()
  const oauth = new OAuthServer(script, platform, () => 'http://issuer.test')
  const ask = (method: string, path: string, fields: Record<string, string>, contentType = 'application/json') => {
    const query = new URLSearchParams(method === 'GET' ? fields : {})
    const question: OAuthQuestion = { method, path, query, contentType, fields: method === 'GET' ? {} : fields }
    const act = oauth.act(question)
    if (act?.kind !== 'reply') return { status: 0, body: {} as Record<string, string>, location: '' }
    const { status, body, headers } = act.reply
    const json = (headers['content-type'] ?? '').includes('json') ? (JSON.parse(body) as Record<string, string>) : {}
    return { status, body: json, location: headers['location'] ?? '' }
  }
  const refresh = (token: string) =>
    ask('POST', '/oauth/token', { grant_type: 'refresh_token', refresh_token: token, client_id: 'c' })
  const begin = () => oauth.tokens.begin(oauth.accounts[0] ?? never(), 'c', '')
  return { platform, oauth, ask, refresh, begin }
}

function never(): never {
  throw new Error('no account')
}

describe('refresh tokens', () => {
  it('work once; a second use ends everything that came of the login', () => {
    const { oauth, refresh, begin } = server()
    const first = begin()
    const other = begin()
    const second = refresh(first.refresh_token ?? '')
    expect(second.status).toBe(200)
    expect(oauth.judge(second.body['access_token'] ?? '').verdict).toBe('valid')
    expect(refresh(first.refresh_token ?? '')).toMatchObject({
      status: 401,
      body: { error: { code: 'refresh_token_reused' } },
    })
    expect(oauth.tokens.reuses).toBe(1)
    expect(oauth.judge(second.body['access_token'] ?? '').verdict).toBe('invalidated')
    expect(refresh(second.body['refresh_token'] ?? '')).toMatchObject({
      body: { error: { code: 'refresh_token_invalidated' } },
    })
    // Another login of the same account lives.
    expect(oauth.judge(other.access_token).verdict).toBe('valid')
  })

  it('are rotated although the answer is lost, when the script says so', () => {
    const { refresh, begin, oauth } = server({ faults: [{ at: 'refresh', does: { kind: 'cut_after_commit' } }] })
    const token = begin().refresh_token ?? ''
    expect(refresh(token).status).toBe(0)
    expect(refresh(token)).toMatchObject({ status: 401, body: { error: { code: 'refresh_token_reused' } } })
    oauth.use({ singleUseRefreshTokens: false, faults: [{ at: 'refresh', does: { kind: 'cut_before' } }] })
    const again = begin().refresh_token ?? ''
    expect(refresh(again).status).toBe(0)
    expect(refresh(again).status).toBe(200)
    expect(refresh(again).status).toBe(200)
  })
})

describe('access tokens', () => {
  it('expire by the clock of the server', () => {
    const { platform, oauth, begin } = server({ tokenLifetimeMs: 2000 })
    const { access_token: token } = begin()
    platform.advance(1999)
    expect(oauth.judge(token).verdict).toBe('valid')
    platform.advance(1)
    expect(oauth.judge(token).verdict).toBe('expired')
    expect(oauth.judge('made-up').verdict).toBe('unknown')
  })

  it('are invalidated with their account, and revoked with their login', () => {
    const { oauth, begin, ask } = server()
    const one = begin()
    oauth.tokens.invalidate('acct-ada')
    expect(oauth.judge(one.access_token).verdict).toBe('invalidated')
    const two = begin()
    expect(ask('POST', '/oauth/revoke', { token: two.refresh_token ?? '' }).status).toBe(200)
    expect(oauth.judge(two.access_token).verdict).toBe('invalidated')
    expect(ask('POST', '/oauth/revoke', { token: 'made-up' }).status).toBe(200)
  })
})

describe('authorization codes', () => {
  const verifier = 'v'.repeat(64)
  const asked = {
    response_type: 'code',
    client_id: 'c',
    redirect_uri: 'http://localhost:1455/auth/callback',
    state: 's',
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
  }
  const redeem = (code: string, more: Record<string, string> = {}) => ({
    grant_type: 'authorization_code',
    code,
    client_id: 'c',
    redirect_uri: asked.redirect_uri,
    code_verifier: verifier,
    ...more,
  })
  const FORM = 'application/x-www-form-urlencoded'
  const codeIn = (location: string) => new URL(location).searchParams.get('code') ?? ''

  it('are redeemed once, by whoever holds the proof, in a form', () => {
    const { ask } = server({ approval: 'at_once' })
    const code = codeIn(ask('GET', '/oauth/authorize', asked).location)
    expect(ask('POST', '/oauth/token', redeem(code)).status).toBe(400)
    expect(ask('POST', '/oauth/token', redeem(code), FORM)).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer' },
    })
    expect(ask('POST', '/oauth/token', redeem(code), FORM)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
  })

  it.each([
    ['another proof', { code_verifier: 'w'.repeat(64) }],
    ['another address', { redirect_uri: 'http://localhost:1457/auth/callback' }],
    ['another client', { client_id: 'd' }],
  ])('are refused with %s, and burnt', (_what, wrong) => {
    const { ask } = server({ approval: 'at_once' })
    const code = codeIn(ask('GET', '/oauth/authorize', asked).location)
    expect(ask('POST', '/oauth/token', redeem(code, wrong), FORM).status).toBe(400)
    expect(ask('POST', '/oauth/token', redeem(code), FORM).status).toBe(400)
  })

  it.each([
    ['no proof', { code_challenge: '' }, 302],
    ['a plain proof', { code_challenge_method: 'plain' }, 302],
    ['an address elsewhere', { redirect_uri: 'https://elsewhere.test/' }, 400],
  ])('are not issued for %s', (_what, wrong, status) => {
    const { ask } = server({ approval: 'at_once' })
    const answer = ask('GET', '/oauth/authorize', { ...asked, ...wrong })
    expect(answer.status).toBe(status)
    expect(answer.location).not.toContain('code=')
  })
})

describe('device codes', () => {
  it('wait for a person, who may type them badly', () => {
    const { oauth, ask } = server()
    const given = ask('POST', '/api/accounts/deviceauth/usercode', { client_id: 'c' }).body
    const poll = () =>
      ask('POST', '/api/accounts/deviceauth/token', {
        device_auth_id: given['device_auth_id'] ?? '',
        user_code: given['user_code'] ?? '',
      })
    expect(typeof given['interval']).toBe('string')
    expect(poll().status).toBe(403)
    expect(oauth.approve('WRONG')).toBe(false)
    expect(oauth.approve((given['user_code'] ?? '').toLowerCase().replace('-', ' '))).toBe(true)
    expect(poll()).toMatchObject({ status: 200 })
    // Taken once.
    expect(poll().status).toBe(403)
  })
})
