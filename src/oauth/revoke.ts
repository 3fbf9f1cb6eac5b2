import * as oauth from 'oauth4webapi'
import { askPatiently, type LoginTools, refusal } from './ask-server.ts'
import { failed, type Outcome } from './login-problem.ts'
import type { OAuthSettings } from './oauth-settings.ts'
import { problemOf, standardServer } from './standard-server.ts'

/** Ends a login at the provider, with its refresh token: everything that came of it ends too. */
export async function revokeLogin(
  settings: OAuthSettings,
  refreshToken: string,
  tools: LoginTools,
): Promise<Outcome<'revoked'>> {
  if (settings.flavour === 'standard') return revokeStandard(settings, refreshToken, tools)
  const asked = await askPatiently(tools, {
    url: settings.revokeUrl ?? `${settings.issuer}/oauth/revoke`,
    json: { token: refreshToken, token_type_hint: 'refresh_token', client_id: settings.clientId },
  })
  if (!asked.ok) return asked
  return asked.value.status < 300
    ? { ok: true, value: 'revoked' }
    : refusal(asked.value, 'the login could not be revoked')
}

async function revokeStandard(
  settings: OAuthSettings,
  refreshToken: string,
  tools: LoginTools,
): Promise<Outcome<'revoked'>> {
  const found = await standardServer(settings, tools)
  if (!found.ok) return found
  const { server, client, authentication, options } = found.value
  if (server.revocation_endpoint === undefined)
    return failed(
      'not_configured',
      'this provider announces no way to revoke a login',
      "end it on the provider's own page for connected apps",
    )
  try {
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, authentication, refreshToken, {
        additionalParameters: { token_type_hint: 'refresh_token' },
        ...options,
      }),
    )
    return { ok: true, value: 'revoked' }
  } catch (error) {
    return problemOf(error, 'the login could not be revoked')
  }
}
