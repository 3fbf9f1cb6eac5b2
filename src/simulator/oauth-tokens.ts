import type { Platform } from '../platform/platform.ts'
import type { OAuthAccount } from './oauth-script.ts'

/** What a token is worth. */
export type Verdict = 'valid' | 'expired' | 'invalidated' | 'unknown'

/** One login and everything that came of it. */
interface Family {
  readonly account: OAuthAccount
  readonly clientId: string
  readonly scope: string
  revoked: boolean
}

interface Issued {
  readonly family: Family
  readonly expiresAtMs: number
  used: boolean
}

export interface TokenSet {
  readonly id_token?: string
  readonly access_token: string
  readonly refresh_token?: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope?: string
}

export interface TokenRules {
  readonly issuer: () => string
  readonly lifetimeMs: () => number
  /** The server's own clock. */
  readonly now: () => number
  readonly singleUse: () => boolean
  readonly platform: Platform
}

export type Refreshed =
  | { readonly tokens: TokenSet; readonly account: OAuthAccount }
  | { readonly refused: 'expired' | 'reused' | 'invalidated' }

/** Tokens that were issued, and what became of them. Tokens are unsigned JWTs with the claims of real ones. */
export class TokenBook {
  readonly #rules: TokenRules
  readonly #access = new Map<string, Issued>()
  readonly #refresh = new Map<string, Issued>()
  #reuses = 0
  #serial = 0

  constructor(rules: TokenRules) {
    this.#rules = rules
  }

  /** How often a refresh token came a second time: a client that does it has lost an account. */
  get reuses(): number {
    return this.#reuses
  }

  begin(account: OAuthAccount, clientId: string, scope: string): TokenSet {
    return this.#issue({ account, clientId, scope, revoked: false }, true)
  }

  /** A token for the client itself: no refresh token, no person. */
  beginMachine(clientId: string, scope: string): TokenSet {
    const account = { email: '', accountId: clientId, userId: clientId }
    return this.#issue({ account, clientId, scope, revoked: false }, false)
  }

  refresh(refreshToken: string): Refreshed {
    const issued = this.#refresh.get(refreshToken)
    if (issued === undefined) return { refused: 'invalidated' }
    if (issued.used && this.#rules.singleUse()) {
      // Somebody else has it too: nobody can tell who is the thief, so everybody is out.
      this.#reuses += 1
      issued.family.revoked = true
      return { refused: 'reused' }
    }
    if (issued.family.revoked) return { refused: 'invalidated' }
    issued.used = true
    return { tokens: this.#issue(issued.family, true), account: issued.family.account }
  }

  judge(accessToken: string): { readonly verdict: Verdict; readonly account?: OAuthAccount } {
    const issued = this.#access.get(accessToken)
    if (issued === undefined) return { verdict: 'unknown' }
    const { account, revoked } = issued.family
    if (revoked) return { verdict: 'invalidated', account }
    return { verdict: this.#rules.now() >= issued.expiresAtMs ? 'expired' : 'valid', account }
  }

  /** Ends the login of any of its tokens. @returns whether the token was known */
  revoke(token: string): boolean {
    const issued = this.#access.get(token) ?? this.#refresh.get(token)
    if (issued === undefined) return false
    issued.family.revoked = true
    return true
  }

  /** Ends every login of an account, as a password change does. */
  invalidate(accountId: string): void {
    for (const { family } of this.#refresh.values()) if (family.account.accountId === accountId) family.revoked = true
  }

  #issue(family: Family, refreshable: boolean): TokenSet {
    const lifetimeMs = this.#rules.lifetimeMs()
    const nowMs = this.#rules.now()
    const expiresAtMs = nowMs + lifetimeMs
    const { random } = this.#rules.platform
    const access = this.#jwt(family, nowMs, expiresAtMs, 'access')
    this.#access.set(access, { family, expiresAtMs, used: false })
    const common = {
      access_token: access,
      token_type: 'Bearer' as const,
      expires_in: Math.max(1, Math.round(lifetimeMs / 1000)),
      ...(family.scope === '' ? {} : { scope: family.scope }),
    }
    if (!refreshable) return common
    const refresh = random.id('rt_simulated')
    this.#refresh.set(refresh, { family, expiresAtMs: Number.POSITIVE_INFINITY, used: false })
    const isOpenId = family.scope === '' || family.scope.split(' ').includes('openid')
    return {
      ...(isOpenId ? { id_token: this.#jwt(family, nowMs, expiresAtMs, 'id') } : {}),
      ...common,
      refresh_token: refresh,
    }
  }

  #jwt({ account, clientId }: Family, nowMs: number, expiresAtMs: number, kind: 'access' | 'id'): string {
    this.#serial += 1
    const claims = {
      iss: this.#rules.issuer(),
      aud: kind === 'id' ? [clientId] : ['https://api.openai.com/v1'],
      client_id: clientId,
      sub: account.userId,
      iat: Math.floor(nowMs / 1000),
      exp: Math.floor(expiresAtMs / 1000),
      jti: String(this.#serial),
      'https://api.openai.com/auth': {
        chatgpt_account_id: account.accountId,
        chatgpt_plan_type: account.plan ?? 'plus',
        chatgpt_user_id: account.userId,
        user_id: account.userId,
        chatgpt_account_is_fedramp: false,
      },
      'https://api.openai.com/profile': { email: account.email, email_verified: true },
      ...(kind === 'id' ? { email: account.email, email_verified: true } : {}),
    }
    // The header of a real one, and a signature that is none: clients do not verify, they came over TLS.
    return [{ alg: 'RS256', typ: 'JWT', kid: 'simulated' }, claims, 'not a signature']
      .map((part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url'))
      .join('.')
  }
}
