import { failed, type Outcome } from './login-problem.ts'

/** How somebody signs in: the ChatGPT shapes, or the standard ones (RFC 6749, 7636, 8628). */
export type OAuthFlavour = 'chatgpt' | 'standard'

/** Everything that a login needs to know about an authorization server. Plain data: defaults of a provider, then configuration. */
export interface OAuthSettings {
  readonly flavour: OAuthFlavour
  /** Without trailing slash. */
  readonly issuer: string
  readonly clientId: string
  /** A confidential client's secret; public clients have none. */
  readonly clientSecret?: string
  readonly scopes: readonly string[]
  /** @default `{issuer}/oauth/authorize` */
  readonly authorizeUrl?: string
  /** @default `{issuer}/oauth/token` */
  readonly tokenUrl?: string
  /** Device grant of RFC 8628. @default none: then there is no device login of the standard flavour */
  readonly deviceUrl?: string
  /** @default `{issuer}/oauth/revoke` for chatgpt, none for standard */
  readonly revokeUrl?: string
  /** Loopback ports that are registered as redirect addresses, tried in this order; 0 = any free one. */
  readonly callbackPorts: readonly number[]
  readonly callbackPath: string
  /** The client itself signs in, nobody is asked (client credentials grant). */
  readonly machine?: boolean
}

/** What a configuration may say about it. */
export interface OAuthOverrides {
  readonly issuer?: string | undefined
  readonly tokenUrl?: string | undefined
  readonly authorizeUrl?: string | undefined
  readonly deviceUrl?: string | undefined
  readonly revokeUrl?: string | undefined
  readonly clientId?: string | undefined
  readonly clientSecret?: string | undefined
  readonly scopes?: readonly string[] | undefined
  readonly callbackPorts?: readonly number[] | undefined
  readonly grant?: 'user' | 'client-credentials' | undefined
}

/**
 * Puts the configuration over a provider's defaults.
 * @param provider the name under `providers`, for the message
 * @returns a problem when something is missing, or when tokens would travel in clear
 */
export function settleOAuth(
  provider: string,
  defaults: OAuthSettings | undefined,
  overrides: OAuthOverrides = {},
): Outcome<OAuthSettings> {
  const issuer = (overrides.issuer ?? defaults?.issuer)?.replace(/\/+$/, '')
  const clientId = overrides.clientId ?? defaults?.clientId
  const missing = [
    issuer === undefined && overrides.tokenUrl === undefined ? 'issuer' : undefined,
    clientId === undefined ? 'clientId' : undefined,
  ].filter((each) => each !== undefined)
  if (clientId === undefined || missing.length > 0) {
    return failed(
      'not_configured',
      `there is no login for ${provider}: ${missing.join(' and ')} missing`,
      `set providers.${provider}.oauth { issuer, clientId, ... } in config.yaml, or add an API key`,
    )
  }
  const own = (name: 'authorizeUrl' | 'tokenUrl' | 'deviceUrl' | 'revokeUrl') => {
    // An issuer of the user's own brings its own addresses: the built-in ones belong to the built-in issuer.
    const inherited = overrides.issuer === undefined ? defaults?.[name] : undefined
    const value = overrides[name] ?? inherited
    return value === undefined ? {} : { [name]: value }
  }
  const clientSecret = overrides.clientSecret ?? defaults?.clientSecret
  const settings: OAuthSettings = {
    flavour: defaults?.flavour ?? 'standard',
    issuer: issuer ?? new URL(overrides.tokenUrl ?? 'http://localhost').origin,
    clientId,
    scopes: overrides.scopes ?? defaults?.scopes ?? [],
    callbackPorts: overrides.callbackPorts ?? defaults?.callbackPorts ?? [0],
    callbackPath: defaults?.callbackPath ?? '/callback',
    ...own('authorizeUrl'),
    ...own('tokenUrl'),
    ...own('deviceUrl'),
    ...own('revokeUrl'),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(overrides.grant === 'client-credentials' ? { machine: true } : {}),
  }
  const open = [settings.issuer, settings.authorizeUrl, settings.tokenUrl, settings.deviceUrl, settings.revokeUrl].find(
    (url) => url !== undefined && travelsInClear(url),
  )
  if (open === undefined) return { ok: true, value: settings }
  return failed(
    'not_configured',
    `the login of ${provider} would send tokens in clear to ${open}`,
    'use https; http is taken for this machine only',
  )
}

function travelsInClear(text: string): boolean {
  const url = new URL(text)
  return url.protocol !== 'https:' && !/^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
}
