import { toIsoText } from '../platform/clock.ts'
import type { Platform } from '../platform/platform.ts'
import { challengeOf, type DeviceGrant, GrantBook } from './oauth-grants.ts'
import { consentForm, deviceForm } from './oauth-pages.ts'
import { jsonReply, oauthError, type OAuthReply, pageReply, redirectReply, refreshRefusal } from './oauth-reply.ts'
import {
  type OAuthAccount,
  type OAuthFault,
  type OAuthPlace,
  type OAuthScript,
  USUAL_ACCOUNTS,
} from './oauth-script.ts'
import { TokenBook, type TokenSet, type Verdict } from './oauth-tokens.ts'

/** One request, read. */
export interface OAuthQuestion {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly contentType: string
  readonly fields: Readonly<Record<string, string>>
}

/** What to do with a request: answer (perhaps late), or cut the connection. */
export type OAuthAct =
  | { readonly kind: 'reply'; readonly reply: OAuthReply; readonly delayMs: number }
  | { readonly kind: 'cut' }

const HOUR_MS = 3_600_000
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const USUAL_MACHINES = { 'simulated-client': 'simulated-secret' }

/**
 * An authorization server with the shapes of ChatGPT's login (device codes that are not RFC 8628, PKCE, JSON refresh) and the standard ones.
 * Knows nothing of sockets: `simulator/server.ts` carries it.
 */
export class OAuthServer {
  readonly tokens: TokenBook
  readonly #platform: Platform
  readonly #grants: GrantBook
  readonly #issuer: () => string
  #script: OAuthScript
  #nextAccount = 0
  #arrivals = new Map<OAuthPlace, number>()

  constructor(script: OAuthScript, platform: Platform, issuer: () => string) {
    this.#script = script
    this.#platform = platform
    this.#issuer = issuer
    this.#grants = new GrantBook(platform)
    this.tokens = new TokenBook({
      issuer,
      platform,
      lifetimeMs: () => this.#script.tokenLifetimeMs ?? HOUR_MS,
      now: () => this.#now(),
      singleUse: () => this.#script.singleUseRefreshTokens !== false,
    })
  }

  get accounts(): readonly OAuthAccount[] {
    return this.#script.accounts ?? USUAL_ACCOUNTS
  }

  /** Changes how it behaves from now on; what was issued stays. */
  use(change: Partial<OAuthScript>): void {
    this.#script = { ...this.#script, ...change }
    this.#arrivals = new Map()
  }

  /** Codes that wait for somebody. */
  get waiting(): readonly string[] {
    return this.#grants.devices.filter(({ state }) => state === 'pending').map(({ userCode }) => userCode)
  }

  /** Approves a device code as an account. @returns false when nobody waits with this code */
  approve(userCode: string, email?: string): boolean {
    const grant = this.#grants.typed(userCode)
    if (grant === undefined) return false
    grant.account = this.#accountFor(email)
    grant.state = 'approved'
    return true
  }

  deny(userCode: string): boolean {
    const grant = this.#grants.typed(userCode)
    if (grant === undefined) return false
    grant.state = 'denied'
    return true
  }

  judge(accessToken: string): { readonly verdict: Verdict; readonly account?: OAuthAccount } {
    return this.tokens.judge(accessToken)
  }

  /** @returns undefined when the path is none of an authorization server */
  act(question: OAuthQuestion): OAuthAct | undefined {
    const route = ROUTES[`${question.method} ${question.path}`]
    if (route === undefined) return undefined
    const place = placeOf(question)
    const fault = place === undefined ? undefined : this.#strike(place)
    if (fault?.kind === 'cut_before') return { kind: 'cut' }
    if (fault?.kind === 'html') return { kind: 'reply', reply: pageReply(200, 'Just a moment', ''), delayMs: 0 }
    if (fault?.kind === 'status')
      return { kind: 'reply', reply: jsonReply(fault.status, fault.body ?? {}, fault.headers), delayMs: 0 }
    const reply = route(this, question)
    if (fault?.kind === 'cut_after_commit') return { kind: 'cut' }
    return { kind: 'reply', reply, delayMs: fault?.kind === 'slow' ? fault.ms : 0 }
  }

  // The routes below are called through the table only.

  usercode({ fields }: OAuthQuestion): OAuthReply {
    const { client_id: clientId = '' } = fields
    if (clientId === '') return jsonReply(400, { error: { message: 'client_id is required', code: 'invalid_request' } })
    const grant = this.#beginDevice(clientId, '')
    return jsonReply(200, {
      device_auth_id: grant.deviceId,
      user_code: grant.userCode,
      interval: String(this.#script.intervalSeconds ?? 1),
      expires_at: toIsoText(grant.expiresAtMs),
    })
  }

  devicePoll({ fields }: OAuthQuestion): OAuthReply {
    const grant = this.#grants.device(fields['device_auth_id'] ?? '')
    if (grant === undefined || grant.userCode !== fields['user_code'])
      return jsonReply(404, { error: { message: 'unknown device authorization', code: 'deviceauth_not_found' } })
    const state = this.#poll(grant)
    if (state === 'expired')
      return jsonReply(400, { error: { message: 'The code has expired.', code: 'expired_token' } })
    if (state === 'denied')
      return jsonReply(403, { error: { message: 'The login was denied.', code: 'access_denied' } })
    if (state !== 'approved' || grant.account === undefined)
      return jsonReply(403, { error: { message: 'authorization pending', code: 'deviceauth_authorization_unknown' } })
    grant.state = 'done'
    const verifier = Buffer.from(this.#platform.random.bytes(48)).toString('base64url')
    const challenge = challengeOf(verifier)
    const code = this.#grants.issueCode({
      account: grant.account,
      clientId: grant.clientId,
      redirectUri: `${this.#issuer()}/deviceauth/callback`,
      challenge,
      scope: '',
    })
    return jsonReply(200, { authorization_code: code, code_challenge: challenge, code_verifier: verifier })
  }

  deviceAuthorization({ fields }: OAuthQuestion): OAuthReply {
    const { client_id: clientId = '', scope = '' } = fields
    if (clientId === '') return oauthError('invalid_client', 'client_id is required', 401)
    const grant = this.#beginDevice(clientId, scope)
    return jsonReply(200, {
      device_code: grant.deviceId,
      user_code: grant.userCode,
      verification_uri: `${this.#issuer()}/codex/device`,
      verification_uri_complete: `${this.#issuer()}/codex/device?user_code=${encodeURIComponent(grant.userCode)}`,
      expires_in: Math.ceil((grant.expiresAtMs - this.#now()) / 1000),
      interval: this.#script.intervalSeconds ?? 1,
    })
  }

  authorize({ query }: OAuthQuestion): OAuthReply {
    const redirectUri = query.get('redirect_uri') ?? ''
    // Only loopback addresses: this server must not send anybody anywhere else.
    if (!/^http:\/\/(?:localhost|127\.0\.0\.1):\d+\//.test(redirectUri))
      return pageReply(400, 'Bad request', '<p>redirect_uri must be a loopback address</p>')
    const back = new URL(redirectUri)
    const state = query.get('state')
    if (state !== null) back.searchParams.set('state', state)
    const refuse = (error: string, description: string) => {
      back.searchParams.set('error', error)
      back.searchParams.set('error_description', description)
      return redirectReply(back.href)
    }
    if (query.get('response_type') !== 'code') return refuse('unsupported_response_type', 'only code')
    const challenge = query.get('code_challenge') ?? ''
    if (query.get('code_challenge_method') !== 'S256' || challenge === '')
      return refuse('invalid_request', 'code_challenge with S256 is required')
    if (this.#script.approval === 'denied' || query.get('answer') === 'no')
      return refuse('access_denied', 'the user denied access')
    if (isByHand(this.#script) && query.get('account') === null) return consentForm(query, this.accounts)
    const account = this.#accountFor(query.get('account') ?? undefined)
    const code = this.#grants.issueCode({
      account,
      clientId: query.get('client_id') ?? '',
      redirectUri,
      challenge,
      scope: query.get('scope') ?? '',
    })
    back.searchParams.set('code', code)
    return redirectReply(back.href)
  }

  devicePage({ query }: OAuthQuestion): OAuthReply {
    return deviceForm(query.get('user_code') ?? '', this.accounts)
  }

  deviceAnswer({ fields }: OAuthQuestion): OAuthReply {
    const { user_code: userCode = '', account, answer } = fields
    const done = answer === 'no' ? this.deny(userCode) : this.approve(userCode, account)
    return done
      ? pageReply(200, answer === 'no' ? 'Denied' : 'Approved', '<p>You can close this page.</p>')
      : pageReply(404, 'Unknown code', '<p>No login waits with this code.</p>')
  }

  token(question: OAuthQuestion): OAuthReply {
    const { fields, contentType } = question
    switch (fields['grant_type']) {
      case 'authorization_code': {
        // The real one takes a form here and JSON for a refresh.
        if (!contentType.includes('x-www-form-urlencoded')) return oauthError('invalid_request', 'a form is expected')
        const { code = '', code_verifier: verifier = '', redirect_uri: uri = '', client_id: clientId = '' } = fields
        const grant = this.#grants.redeem(code, verifier, uri, clientId)
        return grant === undefined
          ? oauthError('invalid_grant', 'Invalid authorization code')
          : tokenReply(this.tokens.begin(grant.account, grant.clientId, grant.scope))
      }
      case 'refresh_token': {
        const refreshed = this.tokens.refresh(fields['refresh_token'] ?? '')
        if ('tokens' in refreshed) return tokenReply(refreshed.tokens)
        // Forms are the standard's way, and so is its refusal.
        return contentType.includes('json')
          ? refreshRefusal(refreshed.refused)
          : oauthError('invalid_grant', `refresh token ${refreshed.refused}`)
      }
      case DEVICE_GRANT:
        return this.#deviceToken(fields)
      case 'client_credentials': {
        const { client_id: clientId = '', client_secret: secret = '', scope = '' } = fields
        const known = (this.#script.machines ?? USUAL_MACHINES) as Readonly<Record<string, string>>
        return Object.hasOwn(known, clientId) && known[clientId] === secret
          ? tokenReply(this.tokens.beginMachine(clientId, scope))
          : oauthError('invalid_client', 'unknown client or wrong secret', 401)
      }
      default:
        return oauthError('unsupported_grant_type', 'unknown grant_type')
    }
  }

  revoke({ fields }: OAuthQuestion): OAuthReply {
    // RFC 7009: an unknown token is no error.
    this.tokens.revoke(fields['token'] ?? '')
    return jsonReply(200, {})
  }

  metadata(): OAuthReply {
    const issuer = this.#issuer()
    return jsonReply(200, {
      issuer,
      authorization_endpoint: `${issuer}/oauth/authorize`,
      token_endpoint: `${issuer}/oauth/token`,
      device_authorization_endpoint: `${issuer}/oauth/device/code`,
      revocation_endpoint: `${issuer}/oauth/revoke`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', DEVICE_GRANT],
    })
  }

  #deviceToken(fields: Readonly<Record<string, string>>): OAuthReply {
    const grant = this.#grants.device(fields['device_code'] ?? '')
    if (grant === undefined || grant.state === 'done') return oauthError('invalid_grant', 'unknown device code')
    switch (this.#poll(grant)) {
      case 'expired':
        return oauthError('expired_token', 'the device code has expired')
      case 'denied':
        return oauthError('access_denied', 'the user denied access')
      case 'approved': {
        grant.state = 'done'
        return tokenReply(this.tokens.begin(grant.account ?? this.#accountFor(), grant.clientId, grant.scope))
      }
      default:
        return oauthError('authorization_pending', 'not approved yet')
    }
  }

  #beginDevice(clientId: string, scope: string): DeviceGrant {
    return this.#grants.beginDevice(clientId, scope, this.#now() + (this.#script.codeLifetimeMs ?? 15 * 60_000))
  }

  #poll(grant: DeviceGrant): DeviceGrant['state'] | 'expired' {
    grant.polls += 1
    const { approval } = this.#script
    if (grant.state === 'pending') {
      if (this.#now() >= grant.expiresAtMs) return 'expired'
      const isTime = typeof approval === 'object' && grant.polls > approval.afterPolls
      if (approval === 'at_once' || isTime) this.approve(grant.userCode)
      if (approval === 'denied') this.deny(grant.userCode)
    }
    return grant.state
  }

  /** The named account, or the next one in turn. */
  #accountFor(email?: string): OAuthAccount {
    const { accounts } = this
    const named = email === undefined ? undefined : accounts.find((each) => each.email === email)
    if (named !== undefined) return named
    const next = accounts[this.#nextAccount % accounts.length]
    this.#nextAccount += 1
    return next ?? { email: 'nobody@example.org', accountId: 'acct-nobody', userId: 'user-nobody' }
  }

  #strike(place: OAuthPlace): OAuthFault['does'] | undefined {
    const count = this.#arrivals.get(place) ?? 0
    this.#arrivals.set(place, count + 1)
    return this.#script.faults?.find(
      ({ at, after = 0, times = 1 }) => at === place && count >= after && count < after + times,
    )?.does
  }

  #now(): number {
    return this.#platform.clock.now() + (this.#script.clockSkewMs ?? 0)
  }
}

const ROUTES: Readonly<Record<string, (server: OAuthServer, question: OAuthQuestion) => OAuthReply>> = {
  'POST /api/accounts/deviceauth/usercode': (server, question) => server.usercode(question),
  'POST /api/accounts/deviceauth/token': (server, question) => server.devicePoll(question),
  'GET /codex/device': (server, question) => server.devicePage(question),
  'POST /codex/device': (server, question) => server.deviceAnswer(question),
  'GET /oauth/authorize': (server, question) => server.authorize(question),
  'POST /oauth/token': (server, question) => server.token(question),
  'POST /oauth/revoke': (server, question) => server.revoke(question),
  'POST /oauth/device/code': (server, question) => server.deviceAuthorization(question),
  'GET /.well-known/openid-configuration': (server) => server.metadata(),
  'GET /.well-known/oauth-authorization-server': (server) => server.metadata(),
}

const PLACES: Readonly<Record<string, OAuthPlace>> = {
  'POST /api/accounts/deviceauth/usercode': 'usercode',
  'POST /api/accounts/deviceauth/token': 'device_poll',
  'POST /oauth/device/code': 'device_authorization',
  'GET /oauth/authorize': 'authorize',
  'POST /oauth/revoke': 'revoke',
}

const PLACES_BY_GRANT: Readonly<Record<string, OAuthPlace>> = {
  authorization_code: 'exchange',
  refresh_token: 'refresh',
  client_credentials: 'client_credentials',
  [DEVICE_GRANT]: 'device_poll',
}

function placeOf({ method, path, fields }: OAuthQuestion): OAuthPlace | undefined {
  return path === '/oauth/token' ? PLACES_BY_GRANT[fields['grant_type'] ?? ''] : PLACES[`${method} ${path}`]
}

function isByHand({ approval }: OAuthScript): boolean {
  return approval === undefined || approval === 'by_hand'
}

function tokenReply(tokens: TokenSet): OAuthReply {
  return jsonReply(200, tokens)
}
