import { accountKey, identityOf } from '../oauth/account-identity.ts'
import { fingerprintOf } from '../pool/fingerprint.ts'
import type { NewCredential } from '../pool/store-contract.ts'

/** A credential found elsewhere, before it is ours. */
export type Found = Omit<NewCredential, 'id'> & {
  /** A refresh token lies beside it; it is single-use and still the other program's. */
  readonly borrowedRefresh?: string
}

/** What one place holds, and what was left there. */
export interface Findings {
  readonly found: readonly Found[]
  /** Entries that cannot be used, and why. */
  readonly skipped: ReadonlyArray<{ readonly what: string; readonly why: string }>
}

/** A key as it stands in another program's file. */
export function foundKey(provider: string, label: string, key: string, baseUrl?: string): Found {
  return {
    provider,
    label,
    type: 'api-key',
    source: { kind: 'stored' },
    fingerprint: fingerprintOf(key),
    secret: { token: key },
    ...(baseUrl === undefined ? {} : { baseUrl }),
  }
}

/** A key that stays in the environment; only its name is kept. */
export function foundReference(provider: string, variable: string, key: string, baseUrl?: string): Found {
  return {
    provider,
    label: variable,
    type: 'api-key',
    source: { kind: 'env', variable },
    fingerprint: fingerprintOf(key),
    ...(baseUrl === undefined ? {} : { baseUrl }),
  }
}

export interface FoundTokens {
  readonly provider: string
  readonly label?: string
  readonly accessToken: string
  readonly idToken?: string
  readonly refreshToken?: string
  readonly accountId?: string
  readonly expiresAtMs?: number
}

/** Another program's login: its access token, and who it is. */
export function foundLogin(tokens: FoundTokens): Found {
  const claimed = identityOf(tokens.accessToken, tokens.idToken)
  const accountId = claimed.accountId ?? tokens.accountId
  const key = accountKey({ ...claimed, ...(accountId === undefined ? {} : { accountId }) })
  const expiresAtMs = tokens.expiresAtMs ?? claimed.expiresAtMs
  return {
    provider: tokens.provider,
    label: claimed.email ?? tokens.label ?? tokens.provider,
    type: 'oauth',
    source: { kind: 'stored' },
    fingerprint: fingerprintOf(tokens.accessToken),
    ...(key === undefined ? {} : { accountId: key }),
    secret: {
      token: tokens.accessToken,
      ...(accountId === undefined ? {} : { accountId }),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    },
    ...(tokens.refreshToken === undefined ? {} : { borrowedRefresh: tokens.refreshToken }),
  }
}
