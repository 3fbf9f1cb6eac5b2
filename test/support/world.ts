import { makeFetch, type SparekeyFetch } from '../../src/fetch/fetch.ts'
import { clientKey } from '../../src/gateway/client-keys.ts'
import { CONFIG_DEFAULTS } from '../../src/config/config.ts'
import { DEFAULT_GATEWAY_LIMITS, type Gateway, startGateway } from '../../src/gateway/index.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { undiciNetwork } from '../../src/platform/undici-network.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { CredentialPool } from '../../src/pool/pool.ts'
import type { HistoryBounds, Store } from '../../src/pool/store-contract.ts'
import type { StrategyName } from '../../src/pool/strategies.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { RetryBudget } from '../../src/recovery/budget.ts'
import { DEFAULT_POLICY, type Policy } from '../../src/recovery/policy.ts'
import { type Capabilities, DEFAULT_LIMITS, type Limits, type Route } from '../../src/relay/call.ts'
import type { Compress } from '../../src/relay/compress.ts'
import { ConversationHistory } from '../../src/relay/conversation-history.ts'
import { Relay } from '../../src/relay/relay.ts'
import { type Scenario, type Simulator, startSimulator } from '../../src/simulator/index.ts'
import { openStore } from '../../src/stores/open-store.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'

/** The recovery table with waits of a few ms: what is decided is tested, not patience. */
export const HURRIED_POLICY: Policy = Object.fromEntries(
  Object.entries(DEFAULT_POLICY).map(([label, row]) => [
    label,
    { ...row, retries: { ...row.retries, backoffMs: row.retries.backoffMs.map(() => 2) } },
  ]),
) as unknown as Policy

export interface Side {
  readonly provider: string
  readonly scenario: Scenario
  /** Tokens added as credentials, in this order. @default all of the scenario */
  readonly tokens?: readonly string[]
  /** Base URL instead of the simulator's. */
  readonly baseUrl?: string
  /** @default nothing is known */
  readonly capabilities?: Capabilities
}

export interface WorldOptions {
  /** Routes of the chain, in order. */
  readonly sides: readonly Side[]
  readonly strategy?: StrategyName
  readonly policy?: Policy
  readonly limits?: Partial<Limits>
  readonly store?: Store
  /** What the `fetch` does with what nobody could answer. */
  readonly givenUp?: 'answer' | 'throw'
  readonly repairsOff?: readonly string[]
  readonly compress?: Compress | undefined
  /** Keeps conversations. @default none */
  readonly history?: Partial<HistoryBounds>
  /** Keys of its clients. @default it is open */
  readonly clientKeys?: readonly string[]
}

/** A gateway before simulated providers, all on loopback sockets. */
export interface World {
  readonly gateway: Gateway
  /** The same relay as a drop-in `fetch`, without any socket on its client's side. */
  readonly fetch: SparekeyFetch
  readonly simulators: readonly Simulator[]
  readonly pool: CredentialPool
  readonly store: Store
  readonly events: readonly TelemetryEvent[]
  readonly history: ConversationHistory | undefined
  /** What the history complained about. */
  readonly troubles: readonly string[]
  close(): Promise<void>
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const platform = systemPlatform
  const store = options.store ?? (await openStore({ kind: 'memory' }, platform))
  const events: TelemetryEvent[] = []
  const troubles: string[] = []
  const simulators: Simulator[] = []
  const chain: Route[] = []
  for (const side of options.sides) {
    const simulator = await startSimulator({ scenario: side.scenario })
    simulators.push(simulator)
    const definition = PROVIDERS[side.provider]
    if (definition === undefined) throw new Error(`no provider ${side.provider}`)
    const route = routeTo(definition, side.baseUrl ?? baseUrlOf(side.provider, simulator.url))
    chain.push(side.capabilities === undefined ? route : { ...route, capabilities: side.capabilities })
    for (const token of side.tokens ?? Object.keys(side.scenario.credentials))
      await addCredential(store, definition, token)
  }
  const pool = new CredentialPool({ store, platform, strategyFor: () => options.strategy ?? 'fill_first' })
  const network = undiciNetwork()
  const history =
    options.history === undefined
      ? undefined
      : new ConversationHistory({
          open: () => store.openHistory(),
          platform,
          bounds: { ...CONFIG_DEFAULTS.history, ...options.history },
          onTrouble: (message) => void troubles.push(message),
        })
  const relay = new Relay({
    pool,
    network,
    platform,
    policy: options.policy ?? HURRIED_POLICY,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    budget: new RetryBudget(),
    repairsOff: new Set(options.repairsOff),
    compress: options.compress,
    history,
    emit: (event) => events.push(event),
  })
  const house = {
    resolveChain: () => ({ kind: 'chain' as const, chain }),
    listModels: () => ['gpt-5.5'],
    clients: (options.clientKeys ?? []).map((key) => clientKey(key, key)),
  }
  const gateway = await startGateway({ relay, house, platform, port: 0 })
  const fetch = makeFetch(
    {
      relay,
      platform,
      bodyBytes: DEFAULT_GATEWAY_LIMITS.bodyBytes,
      resolveChain: async () => house.resolveChain(),
      listModels: async () => house.listModels(),
    },
    options.givenUp === undefined ? {} : { givenUp: options.givenUp },
  )
  return {
    gateway,
    fetch,
    simulators,
    pool,
    store,
    events,
    history,
    troubles,
    async close() {
      await gateway.close(0)
      await history?.close()
      await pool.close()
      await network.close()
      await Promise.all(simulators.map((each) => each.close()))
      if (options.store === undefined) await store.close()
    },
  }
}

export function baseUrlOf(provider: string, simulatorUrl: string): string {
  return provider === 'openai-codex' ? `${simulatorUrl}/backend-api/codex` : `${simulatorUrl}/v1`
}

function routeTo(definition: Provider, baseUrl: string): Route {
  return { provider: definition.id, model: 'gpt-5.5', definition, baseUrl, headers: [], wires: definition.wires }
}

/** Adds a credential under its token's name, unless it is there already. */
export async function addCredential(store: Store, definition: Provider, token: string): Promise<void> {
  const { credentials } = await store.snapshot()
  if (credentials.some((each) => each.provider === definition.id && each.label === token)) return
  await store.addCredential(
    {
      id: `cred_${definition.id}_${token}`,
      provider: definition.id,
      label: token,
      type: definition.id === 'openai-codex' ? 'oauth' : 'api-key',
      source: { kind: 'stored' },
      fingerprint: fingerprintOf(token),
      secret: { token, accountId: `acct-${token}` },
      accountId: `acct-${token}`,
    },
    systemPlatform.clock.now(),
  )
}
