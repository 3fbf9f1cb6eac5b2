import { askPatiently, type LoginTools, refusal } from './ask-server.ts'
import { type IssuedTokens, issuedTokens } from './issued-tokens.ts'
import type { Outcome } from './login-problem.ts'
import type { OAuthSettings } from './oauth-settings.ts'

export interface GrantedCode {
  readonly code: string
  readonly codeVerifier: string
  readonly redirectUri: string
}

/**
 * Exchanges an authorization code for tokens, form-encoded, fields in the order in which the Codex CLI sends them.
 * Source: the Codex CLI's own requests, 2026-11-23.
 */
export async function exchangeCode(
  settings: OAuthSettings,
  granted: GrantedCode,
  tools: LoginTools,
): Promise<Outcome<IssuedTokens>> {
  const asked = await askPatiently(tools, {
    url: settings.tokenUrl ?? `${settings.issuer}/oauth/token`,
    form: {
      grant_type: 'authorization_code',
      client_id: settings.clientId,
      code: granted.code,
      redirect_uri: granted.redirectUri,
      code_verifier: granted.codeVerifier,
    },
  })
  if (!asked.ok) return asked
  if (asked.value.status !== 200) return refusal(asked.value, 'the code could not be exchanged for tokens')
  return issuedTokens(asked.value.body, tools.platform.clock.now())
}
