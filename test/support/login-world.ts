import { onTestFinished } from 'vitest'
import type { LoginTools } from '../../src/oauth/ask-server.ts'
import { type OAuthSettings, settleOAuth } from '../../src/oauth/oauth-settings.ts'
import type { Platform } from '../../src/platform/platform.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { undiciNetwork } from '../../src/platform/undici-network.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import {
  type OAuthScript,
  SCENARIOS,
  type Scenario,
  type Simulator,
  startSimulator,
} from '../../src/simulator/index.ts'

/** A simulated provider with a login server, closed when the test ends. */
export async function loginServer(
  oauth: OAuthScript = { approval: 'at_once' },
  platform: Platform = systemPlatform,
  scenario: Scenario | undefined = SCENARIOS['all-good'],
): Promise<Simulator> {
  if (scenario === undefined) throw new Error('no such scenario')
  const simulator = await startSimulator({ scenario, oauth, platform })
  onTestFinished(() => simulator.close())
  return simulator
}

export function loginTools(platform: Platform = systemPlatform, signal = new AbortController().signal): LoginTools {
  const network = undiciNetwork()
  onTestFinished(() => network.close())
  return { network, platform, signal, userAgent: 'sparekey/test' }
}

/** Settings of ChatGPT's login, at a simulator. */
export function chatgptAt(simulator: Simulator): OAuthSettings {
  const settled = settleOAuth('openai-codex', PROVIDERS['openai-codex']?.oauth, {
    issuer: simulator.url,
    callbackPorts: [0],
  })
  if (!settled.ok) throw new Error(settled.problem.message)
  return settled.value
}

/** Settings of a provider that somebody configured. */
export function standardAt(simulator: Simulator, more: Partial<OAuthSettings> = {}): OAuthSettings {
  const settled = settleOAuth('lab', undefined, { issuer: simulator.url, clientId: 'lab-client' })
  if (!settled.ok) throw new Error(settled.problem.message)
  return { ...settled.value, ...more }
}

/** What a config.yaml says so that logins and calls of `openai-codex` go to a simulator. */
export function configFor(simulator: Simulator): string {
  return `providers:
  openai-codex:
    baseUrl: ${simulator.url}/backend-api/codex
    oauth: { issuer: "${simulator.url}", callbackPorts: [0] }
`
}
