import type { LoginTools } from './ask-server.ts'
import type { BrowserPrompt } from './browser-code.ts'
import { deviceLogin, type DevicePrompt } from './device-code.ts'
import { clientCredentialsLogin, genericBrowserLogin, genericDeviceLogin } from './generic.ts'
import type { IssuedTokens } from './issued-tokens.ts'
import type { Outcome } from './login-problem.ts'
import type { OAuthSettings } from './oauth-settings.ts'
import { browserLogin } from './pkce.ts'

/** What is shown while a login waits. */
export interface LoginShows {
  device(prompt: DevicePrompt): void
  browser(prompt: BrowserPrompt): void
}

const FLOWS = {
  chatgpt: { device: deviceLogin, browser: browserLogin },
  standard: { device: genericDeviceLogin, browser: genericBrowserLogin },
} as const

/**
 * Signs in, the way that settings and caller choose. Stores nothing.
 * @param how `device`: a code is typed on any device; `browser`: a browser on this machine comes back to a loopback port
 */
export function logIn(
  settings: OAuthSettings,
  how: 'device' | 'browser',
  tools: LoginTools,
  shows: LoginShows,
): Promise<Outcome<IssuedTokens>> {
  if (settings.machine === true) return clientCredentialsLogin(settings, tools)
  const flows = FLOWS[settings.flavour]
  return how === 'device'
    ? flows.device(settings, tools, (prompt) => shows.device(prompt))
    : flows.browser(settings, tools, (prompt) => shows.browser(prompt))
}
