import type { OAuthConfig } from '../config/config.ts'
import { askRefresh } from '../oauth/ask-refresh.ts'
import { type OAuthSettings, settleOAuth } from '../oauth/oauth-settings.ts'
import { Refresher } from '../oauth/refresh.ts'
import type { Environment } from '../platform/environment.ts'
import type { Network } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import { systemProcesses } from '../platform/process-watch.ts'
import { fingerprintOf } from '../pool/fingerprint.ts'
import type { Store } from '../pool/store-contract.ts'

export interface RefresherParts {
  readonly store: Store
  readonly platform: Platform
  readonly environment: Environment
  readonly network: Network
  readonly userAgent: string
  /** Where a provider's logins come from, from the configuration as it is now. */
  readonly placeOf: (provider: string) => {
    readonly defaults: OAuthSettings | undefined
    readonly config: OAuthConfig | undefined
    readonly proxy: string | undefined
  }
  /** Told every token before it is sent or used, so that logs can mask it. */
  readonly onSecret: (secret: string) => void
  readonly onTrouble: (message: string) => void
  readonly claimMs?: number
}

/** Puts the refresher together with the store, the network and what provider and configuration say about token endpoints. */
export function makeRefresher(parts: RefresherParts): Refresher {
  const settingsOf = (provider: string): OAuthSettings | undefined => {
    const { defaults, config } = parts.placeOf(provider)
    const variable = config?.clientSecretEnv
    const clientSecret = variable === undefined ? undefined : parts.environment.read(variable)
    const settled = settleOAuth(provider, defaults, { ...config, clientSecret })
    return settled.ok ? settled.value : undefined
  }
  return new Refresher({
    store: parts.store.refreshes,
    platform: parts.platform,
    wayOf: (provider) => {
      const settings = settingsOf(provider)
      return settings === undefined ? undefined : { machine: settings.machine === true }
    },
    ask: async (credential, refreshToken, signal) => {
      const settings = settingsOf(credential.provider)
      if (settings === undefined) throw new Error(`no token endpoint for ${credential.provider}`)
      const { proxy } = parts.placeOf(credential.provider)
      if (refreshToken !== undefined) parts.onSecret(refreshToken)
      const reply = await askRefresh(credential.provider, settings, refreshToken, {
        network: parts.network,
        platform: parts.platform,
        signal,
        userAgent: parts.userAgent,
        ...(proxy === undefined ? {} : { proxy }),
      })
      if (reply.kind === 'tokens') for (const value of Object.values(reply.body)) mask(value, parts.onSecret)
      return reply
    },
    fingerprintOf,
    processes: systemProcesses,
    onTrouble: parts.onTrouble,
    ...(parts.claimMs === undefined ? {} : { claimMs: parts.claimMs }),
  })
}

function mask(value: unknown, onSecret: (secret: string) => void): void {
  if (typeof value === 'string' && value.length >= 16) onSecret(value)
}
