import { onTestFinished } from 'vitest'
import { loadText } from '../../src/config/load.ts'
import { makeFetch, type SparekeyFetch } from '../../src/fetch/fetch.ts'
import { DEFAULT_GATEWAY_LIMITS, type Gateway, startGateway } from '../../src/gateway/index.ts'
import { fixedEnvironment } from '../../src/platform/environment.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import type { NewCredential } from '../../src/pool/store-contract.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { type Scenario, type Simulator, startSimulator } from '../../src/simulator/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { createLog } from '../../src/telemetry/log.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { baseUrlOf, HURRIED_POLICY } from './world.ts'

export interface ChainSide {
  /** @default a good answer to `key-<name>` */
  readonly credentials?: Scenario['credentials']
  /** Further settings of the provider, as in `config.yaml`. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** What its credentials have beside a token. */
  readonly more?: Partial<NewCredential>
}

/** Everything behind a `config.yaml`, before simulated providers: gateway and drop-in fetch on one runtime. */
export interface ChainWorld {
  readonly gateway: Gateway
  readonly fetch: SparekeyFetch
  readonly runtime: Runtime
  readonly events: readonly TelemetryEvent[]
  /** Lines of the log, parsed. */
  readonly log: ReadonlyArray<Readonly<Record<string, unknown>>>
  /** Calls that an upstream got since the last look. */
  hits(provider: string): number
  upstream(provider: string): Simulator
}

/** @param config further lines of `config.yaml`, beside `providers` */
export async function chainWorld(
  sides: Readonly<Record<string, ChainSide>>,
  config: string,
  platform = systemPlatform,
): Promise<ChainWorld> {
  const store = new MemoryStore()
  const simulators = new Map<string, Simulator>()
  const lines: string[] = []
  for (const [name, { credentials = { [`key-${name}`]: {} }, settings = {}, more = {} }] of Object.entries(sides)) {
    const simulator = await startSimulator({ scenario: { name, description: '', credentials } })
    onTestFinished(() => simulator.close())
    simulators.set(name, simulator)
    lines.push(`  ${name}: ${JSON.stringify({ baseUrl: baseUrlOf(name, simulator.url), ...settings })}`)
    for (const token of Object.keys(credentials))
      await store.addCredential(
        {
          id: `cred_${name}_${token}`,
          provider: name,
          label: token,
          type: 'api-key',
          source: { kind: 'stored' },
          fingerprint: fingerprintOf(`${name} ${token}`),
          secret: { token },
          ...more,
        },
        platform.clock.now(),
      )
  }
  const loaded = loadText({ text: `providers:\n${lines.join('\n')}\n${config}` }, 'config.yaml', fixedEnvironment({}))
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  const runtime = new Runtime({
    config: { ...loaded.config, policy: HURRIED_POLICY },
    store,
    platform,
    environment: fixedEnvironment({}),
  })
  const events: TelemetryEvent[] = []
  const log: Array<Readonly<Record<string, unknown>>> = []
  runtime.bus.subscribe((event) => events.push(event))
  const write = (line: string) => log.push(JSON.parse(line) as Record<string, unknown>)
  runtime.bus.subscribe(createLog({ destination: { write }, redactor: runtime.redactor }).listener)
  const gateway = await startGateway({
    relay: runtime,
    platform,
    port: 0,
    house: {
      resolveChain: (model, wire, named) => runtime.resolveChain(model, wire, named),
      listModels: () => [],
      clients: loaded.config.clients,
    },
  })
  onTestFinished(async () => {
    await gateway.close(0)
    await runtime.close()
  })
  const seen = new Map<string, number>()
  const upstream = (provider: string) => {
    const simulator = simulators.get(provider)
    if (simulator === undefined) throw new Error(`no upstream ${provider}`)
    return simulator
  }
  return {
    gateway,
    runtime,
    events,
    log,
    upstream,
    fetch: makeFetch({
      relay: runtime,
      platform,
      bodyBytes: DEFAULT_GATEWAY_LIMITS.bodyBytes,
      resolveChain: (model, wire, named) => runtime.resolveChain(model, wire, named),
      listModels: async () => [],
    }),
    hits(provider) {
      const all = upstream(provider).requests.length
      const before = seen.get(provider) ?? 0
      seen.set(provider, all)
      return all - before
    },
  }
}
