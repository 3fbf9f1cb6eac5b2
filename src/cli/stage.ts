import { completeProvider } from '../config/load.ts'
import { CONFIG_DEFAULTS, type Config } from '../config/config.ts'
import { type Gateway, startGateway } from '../gateway/index.ts'
import { fixedEnvironment } from '../platform/environment.ts'
import type { Platform } from '../platform/platform.ts'
import { fingerprintOf } from '../pool/fingerprint.ts'
import { DEFAULT_POLICY } from '../recovery/policy.ts'
import { Runtime } from '../runtime/runtime.ts'
import { type Scenario, type Simulator, startSimulator } from '../simulator/index.ts'
import { openStore } from '../stores/open-store.ts'

/** A gateway before a simulated Codex backend, all in this process; nothing is kept. */
export interface Stage {
  readonly simulator: Simulator
  readonly gateway: Gateway
  readonly runtime: Runtime
  close(): Promise<void>
}

/** @param names token -> what the account is called */
export async function startStage(
  platform: Platform,
  scenario: Scenario,
  names: Readonly<Record<string, string>>,
): Promise<Stage> {
  const simulator = await startSimulator({ scenario, platform })
  const store = await openStore({ kind: 'memory' }, platform)
  const config: Config = {
    listen: { host: '127.0.0.1', port: 0 },
    store: 'memory',
    key: 'file',
    providers: { 'openai-codex': completeProvider({ baseUrl: `${simulator.url}/backend-api/codex` }) },
    models: {},
    fallback: [],
    fallbackPolicy: 'any',
    recordFailures: false,
    repairsOff: [],
    policy: DEFAULT_POLICY,
    limits: CONFIG_DEFAULTS.limits,
    clients: [],
    sources: {},
  }
  for (const [token, label] of Object.entries(names)) {
    const accountId = `acct-${label}`
    await store.addCredential(
      {
        id: platform.random.id('cred'),
        provider: 'openai-codex',
        label,
        type: 'oauth',
        source: { kind: 'stored' },
        fingerprint: fingerprintOf(token),
        accountId,
        secret: { token, accountId },
      },
      platform.clock.now(),
    )
  }
  const runtime = new Runtime({ config, store, platform, environment: fixedEnvironment({}) })
  const house = { resolveChain: runtime.resolveChain.bind(runtime), listModels: () => ['gpt-5.5'], clients: [] }
  const gateway = await startGateway({ relay: runtime, house, platform, port: 0 })
  return {
    simulator,
    gateway,
    runtime,
    async close() {
      await gateway.close(0)
      await runtime.close()
      await simulator.close()
    },
  }
}
