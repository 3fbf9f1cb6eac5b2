import { accountKey, identityOf, isSameAccount } from './account-identity.ts'

/** The tokens of a login as they are kept. */
export interface KeptTokens {
  readonly token: string
  readonly refreshToken?: string
  readonly expiresAtMs?: number
  readonly obtainedAtMs?: number
  readonly accountId?: string
}

/**
 * The login with what a token endpoint answered: any subset of id, access and refresh token; what is missing keeps its old value.
 * @param account key of the account that this login belongs to
 * @returns undefined when the new tokens belong to another account: they are never put under this name
 */
export function renewedTokens<T extends KeptTokens>(
  before: T,
  body: Readonly<Record<string, unknown>>,
  account: string | undefined,
  nowMs: number,
): T | undefined {
  const token = text(body['access_token'])
  const identity = identityOf(token, text(body['id_token']))
  const key = accountKey(identity)
  if (key !== undefined && account !== undefined && !isSameAccount(key, account)) return undefined
  if (identity.accountId !== undefined && before.accountId !== undefined && identity.accountId !== before.accountId)
    return undefined
  const refreshToken = text(body['refresh_token']) ?? before.refreshToken
  const expiresAtMs = token === undefined ? before.expiresAtMs : endOf(token, body['expires_in'], nowMs)
  const { expiresAtMs: _old, ...rest } = before
  return {
    ...(rest as T),
    token: token ?? before.token,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    obtainedAtMs: nowMs,
  }
}

/** Our clock and a lifetime beat the issuer's clock. */
function endOf(token: string, expiresIn: unknown, nowMs: number): number | undefined {
  const lifetime = Number(expiresIn)
  return Number.isFinite(lifetime) && lifetime > 0 ? nowMs + lifetime * 1000 : identityOf(token).expiresAtMs
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) ? value : undefined
}
