import type { LoginTools } from './ask-server.ts'
import { browserCode, type BrowserPrompt } from './browser-code.ts'
import type { IssuedTokens } from './issued-tokens.ts'
import type { Outcome } from './login-problem.ts'
import type { OAuthSettings } from './oauth-settings.ts'
import { makeProofKey, makeState } from './proof-key.ts'
import { withoutPlus } from './without-plus.ts'
import { exchangeCode } from './token-exchange.ts'

/**
 * Signs in to ChatGPT with a browser on this machine (authorization code with PKCE).
 * @param show called once the loopback port listens: open this link
 */
export async function browserLogin(
  settings: OAuthSettings,
  tools: LoginTools,
  show: (prompt: BrowserPrompt) => void,
): Promise<Outcome<IssuedTokens>> {
  const proof = makeProofKey(tools.platform.random)
  const state = makeState(tools.platform.random)
  const back = await browserCode(
    settings,
    tools,
    state,
    (redirectUri) => {
      const url = new URL(settings.authorizeUrl ?? `${settings.issuer}/oauth/authorize`)
      for (const [name, value] of Object.entries({
        response_type: 'code',
        client_id: settings.clientId,
        redirect_uri: redirectUri,
        scope: settings.scopes.join(' '),
        code_challenge: proof.challenge,
        code_challenge_method: 'S256',
        id_token_add_organizations: 'true',
        codex_cli_simplified_flow: 'true',
        state,
        originator: 'sparekey',
      }))
        url.searchParams.set(name, value)
      return withoutPlus(url)
    },
    show,
  )
  if (!back.ok) return back
  const { redirectUri, query } = back.value
  return exchangeCode(settings, { code: query.get('code') ?? '', codeVerifier: proof.verifier, redirectUri }, tools)
}
