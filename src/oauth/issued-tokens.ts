import { type AccountIdentity, identityOf } from './account-identity.ts'
import { failed, type Outcome } from './login-problem.ts'

/** What a login yields. */
export interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken?: string
  /** Epoch ms. */
  readonly expiresAtMs?: number
  readonly identity: AccountIdentity
}

/** Reads the answer of a token endpoint. @returns a problem for an answer without an access token: it is never stored as a login (58096) */
export function issuedTokens(
  body: Readonly<Record<string, unknown>> | undefined,
  nowMs: number,
): Outcome<IssuedTokens> {
  const accessToken = text(body?.['access_token'])
  if (accessToken === undefined || !/^[\x21-\x7e]+$/.test(accessToken)) {
    return failed(
      'invalid_answer',
      'the server said yes but sent no access token',
      'start the login again; if it stays so, check issuer and token URL',
    )
  }
  const refreshToken = text(body?.['refresh_token'])
  const identity = identityOf(accessToken, text(body?.['id_token']))
  const own = identityOf(accessToken).expiresAtMs
  const lifetime = Number(body?.['expires_in'])
  // Our clock and a lifetime beat the issuer's clock: "exp" of a machine whose clock is wrong is long ago at once.
  const expiresAtMs = Number.isFinite(lifetime) && lifetime > 0 ? nowMs + lifetime * 1000 : own
  return {
    ok: true,
    value: {
      accessToken,
      ...(refreshToken === undefined ? {} : { refreshToken }),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      identity,
    },
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
