import * as oauth from 'oauth4webapi'
import type { LoginTools } from './ask-server.ts'
import { browserCode, type BrowserPrompt } from './browser-code.ts'
import type { DevicePrompt } from './device-code.ts'
import { type IssuedTokens, issuedTokens } from './issued-tokens.ts'
import { CANCELLED, failed, type Outcome } from './login-problem.ts'
import type { OAuthSettings } from './oauth-settings.ts'
import { makeProofKey, makeState } from './proof-key.ts'
import { withoutPlus } from './without-plus.ts'
import { problemOf, type StandardServer, standardServer } from './standard-server.ts'

const USUAL_INTERVAL_S = 5
/** RFC 8628 3.5: `slow_down` adds five seconds, for good. */
const SLOWER_BY_MS = 5_000
const NOT_APPROVED = 'the login was not approved'

/** Device grant (RFC 8628) at any provider, by configuration. */
export async function genericDeviceLogin(
  settings: OAuthSettings,
  tools: LoginTools,
  show: (prompt: DevicePrompt) => void,
): Promise<Outcome<IssuedTokens>> {
  const found = await standardServer(settings, tools)
  if (!found.ok) return found
  const { server, client, authentication, options } = found.value
  if (server.device_authorization_endpoint === undefined)
    return failed(
      'not_configured',
      'this provider announces no device login',
      'leave out --device to use a browser, or set oauth.deviceUrl in config.yaml',
    )
  let given: oauth.DeviceAuthorizationResponse
  try {
    given = await oauth.processDeviceAuthorizationResponse(
      server,
      client,
      await oauth.deviceAuthorizationRequest(server, client, authentication, scopeOf(settings), options),
    )
  } catch (error) {
    return problemOf(error, 'no device code was given')
  }
  const expiresAtMs = tools.platform.clock.now() + given.expires_in * 1000
  show({ url: given.verification_uri_complete ?? given.verification_uri, userCode: given.user_code, expiresAtMs })
  return pollTokens(found.value, given, expiresAtMs, tools)
}

async function pollTokens(
  { server, client, authentication, once }: StandardServer,
  given: oauth.DeviceAuthorizationResponse,
  expiresAtMs: number,
  tools: LoginTools,
): Promise<Outcome<IssuedTokens>> {
  let intervalMs = Math.max(1, given.interval ?? USUAL_INTERVAL_S) * 1000
  for (;;) {
    const leftMs = expiresAtMs - tools.platform.clock.now()
    if (leftMs <= 0)
      return failed('expired', 'the code expired before it was approved', 'start the login again for a new code')
    try {
      const answer = await oauth.deviceCodeGrantRequest(server, client, authentication, given.device_code, once)
      return issuedTokens(await oauth.processDeviceCodeResponse(server, client, answer), tools.platform.clock.now())
    } catch (error) {
      const code = error instanceof oauth.ResponseBodyError ? error.error : undefined
      if (code === 'slow_down') intervalMs += SLOWER_BY_MS
      else if (code !== 'authorization_pending') {
        const refused = problemOf(error, NOT_APPROVED)
        if (!PASSING.has(refused.problem.kind)) return refused
        intervalMs += SLOWER_BY_MS
      }
    }
    if ((await tools.platform.timers.sleep(Math.min(intervalMs, leftMs), tools.signal)) === 'aborted') return CANCELLED
  }
}

/** Troubles of the moment, while a person is typing a code. */
const PASSING: ReadonlySet<string> = new Set(['throttled', 'server_trouble', 'unreachable'])

/** Authorization code with PKCE (RFC 6749, 7636) at any provider, by configuration. */
export async function genericBrowserLogin(
  settings: OAuthSettings,
  tools: LoginTools,
  show: (prompt: BrowserPrompt) => void,
): Promise<Outcome<IssuedTokens>> {
  const found = await standardServer(settings, tools)
  if (!found.ok) return found
  const { server, client, authentication, options } = found.value
  const authorizeUrl = server.authorization_endpoint ?? `${settings.issuer}/oauth/authorize`
  const proof = makeProofKey(tools.platform.random)
  const state = makeState(tools.platform.random)
  const back = await browserCode(
    settings,
    tools,
    state,
    (redirectUri) => {
      const url = new URL(authorizeUrl)
      const fields = {
        response_type: 'code',
        client_id: settings.clientId,
        redirect_uri: redirectUri,
        ...scopeOf(settings),
        code_challenge: proof.challenge,
        code_challenge_method: 'S256',
        state,
      }
      for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
      return withoutPlus(url)
    },
    show,
  )
  if (!back.ok) return back
  try {
    const { query, redirectUri } = back.value
    const checked = oauth.validateAuthResponse(server, client, query, state)
    const answer = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      checked,
      redirectUri,
      proof.verifier,
      options,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer)
    return issuedTokens(tokens, tools.platform.clock.now())
  } catch (error) {
    return problemOf(error, 'the code could not be exchanged for tokens')
  }
}

/** Client credentials (RFC 6749 4.4): the client itself signs in, nobody is asked. */
export async function clientCredentialsLogin(
  settings: OAuthSettings,
  tools: LoginTools,
): Promise<Outcome<IssuedTokens>> {
  if (settings.clientSecret === undefined)
    return failed(
      'not_configured',
      'the client credentials grant needs a client secret',
      'set oauth.clientSecretEnv in config.yaml to the name of an environment variable that holds it',
    )
  const found = await standardServer(settings, tools)
  if (!found.ok) return found
  const { server, client, authentication, options } = found.value
  try {
    const answer = await oauth.clientCredentialsGrantRequest(server, client, authentication, scopeOf(settings), options)
    return issuedTokens(
      await oauth.processClientCredentialsResponse(server, client, answer),
      tools.platform.clock.now(),
    )
  } catch (error) {
    return problemOf(error, 'the client could not sign in')
  }
}

function scopeOf({ scopes }: OAuthSettings): Record<string, string> {
  return scopes.length === 0 ? {} : { scope: scopes.join(' ') }
}
