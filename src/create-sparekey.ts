import { join } from 'node:path'
import { type Config, describeProblem } from './config/config.ts'
import { homeOf } from './config/home.ts'
import { completeProvider, loadConfig } from './config/load.ts'
import type { ProviderFile } from './config/schema.ts'
import { type Gateway, startGateway } from './gateway/index.ts'
import { fixedEnvironment, systemEnvironment } from './platform/environment.ts'
import { systemPlatform } from './platform/platform.ts'
import { fingerprintOf } from './pool/fingerprint.ts'
import { namesProblems, Runtime } from './runtime/runtime.ts'
import { openStore } from './stores/open-store.ts'
import type { TelemetryEvent } from './telemetry/events.ts'

export interface SparekeyOptions {
  /** Folder of `config.yaml`, database and key. @default `SPAREKEY_HOME`, else `~/.sparekey` */
  readonly home?: string
  /** `memory` keeps nothing and reads no configuration file. @default what the configuration says */
  readonly store?: 'memory' | 'sqlite'
  /** Added to (and winning over) the configured providers. */
  readonly providers?: Readonly<Record<string, ProviderFile>>
  /** Credentials for a store in memory. */
  readonly credentials?: ReadonlyArray<{
    readonly provider: string
    readonly label: string
    readonly secret: string
    readonly accountId?: string
  }>
}

/** The whole system inside one process. */
export interface Sparekey {
  readonly config: Config
  /** Listens to one type of event. @returns stops listening */
  on<T extends TelemetryEvent['type']>(
    type: T,
    listener: (event: Extract<TelemetryEvent, { type: T }>) => void,
  ): () => void
  /** Starts a gateway. @param address @default what the configuration says; port 0 = any free one */
  serve(address?: { readonly host?: string; readonly port?: number }): Promise<Gateway>
  close(): Promise<void>
}

/**
 * Opens the same home as the command line, or one in memory.
 * @throws Error when the configuration has problems (all of them are in the message); StoreError when the store cannot be opened
 */
export async function createSparekey(options: SparekeyOptions = {}): Promise<Sparekey> {
  const platform = systemPlatform
  const home = options.home ?? homeOf(systemEnvironment).directory
  const inMemory = options.store === 'memory'
  const environment = inMemory ? fixedEnvironment({}) : systemEnvironment
  const loaded = await loadConfig(inMemory ? join(home, 'none', 'config.yaml') : join(home, 'config.yaml'), environment)
  if ('problems' in loaded) throw new Error(loaded.problems.map(describeProblem).join('\n'))
  const own = Object.entries(options.providers ?? {}).map(([name, each]) => [name, completeProvider(each)] as const)
  const config = { ...loaded.config, providers: { ...loaded.config.providers, ...Object.fromEntries(own) } }
  const problems = namesProblems(config, 'config.yaml')
  if (problems.length > 0) throw new Error(problems.map(describeProblem).join('\n'))
  const store = await openStore(
    inMemory || config.store === 'memory' ? { kind: 'memory' } : { kind: 'sqlite', homeDirectory: home },
    platform,
  )
  for (const [index, { provider, label, secret, accountId }] of (options.credentials ?? []).entries()) {
    const account = accountId === undefined ? {} : { accountId }
    await store.addCredential(
      {
        id: platform.random.id('cred'),
        provider,
        label,
        type: 'api-key',
        source: { kind: 'stored' },
        priority: index,
        fingerprint: fingerprintOf(secret),
        secret: { token: secret, ...account },
        ...account,
      },
      platform.clock.now(),
    )
  }
  const runtime = new Runtime({ config, store, platform, environment })
  const gateways: Gateway[] = []
  return {
    config,
    on: (type, listener) => runtime.bus.on(type, listener),
    async serve(address = {}) {
      const holders = await runtime.holders()
      const gateway = await startGateway({
        relay: runtime,
        platform,
        host: address.host ?? config.listen.host,
        port: address.port ?? config.listen.port,
        ready: () => runtime.readiness(),
        house: {
          resolveChain: (model, wire) => runtime.resolveChain(model, wire),
          listModels: () => runtime.listModels(holders),
          clients: config.clients,
        },
      })
      gateways.push(gateway)
      return gateway
    },
    async close() {
      await Promise.all(gateways.map((gateway) => gateway.close()))
      await runtime.close()
    },
  }
}
