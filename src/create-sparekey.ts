import { join } from 'node:path'
import { type Config, type ConfigProblem, describeProblem } from './config/config.ts'
import { homeOf } from './config/home.ts'
import { loadConfig, readProviders } from './config/load.ts'
import type { ProviderFile } from './config/schema.ts'
import { makeFetch, type SparekeyFetch } from './fetch/fetch.ts'
import { DEFAULT_GATEWAY_LIMITS, type Gateway, startGateway } from './gateway/index.ts'
import { fixedEnvironment, systemEnvironment } from './platform/environment.ts'
import { systemPlatform } from './platform/platform.ts'
import { fingerprintOf } from './pool/fingerprint.ts'
import { namesProblems, Runtime } from './runtime/runtime.ts'
import { openCallJournal } from './stores/open-call-journal.ts'
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

/** The configuration, or what was given beside it, cannot be right. Every problem is in the message and in `problems`. */
export class SparekeyConfigError extends Error {
  override readonly name = 'SparekeyConfigError'
  readonly problems: readonly ConfigProblem[]
  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(describeProblem).join('\n'))
    this.problems = problems
  }
}

/** The whole system inside one process. */
export interface Sparekey {
  readonly config: Config
  /** Listens to one type of event. @returns stops listening */
  on<T extends TelemetryEvent['type']>(
    type: T,
    listener: (event: Extract<TelemetryEvent, { type: T }>) => void,
  ): () => void
  /**
   * A drop-in `fetch` for SDKs: requests go through the pools, whatever host they name.
   * @param provider whose pool is asked first, then the configured `fallback`. @default the chain that the configuration has for the model
   * @throws SparekeyConfigError when there is no such provider
   */
  fetch(provider?: string): SparekeyFetch
  /** Starts a gateway. @param address @default what the configuration says; port 0 = any free one */
  serve(address?: { readonly host?: string; readonly port?: number }): Promise<Gateway>
  close(): Promise<void>
}

/**
 * Opens the same home as the command line, or one in memory.
 * @throws SparekeyConfigError when the configuration or the given providers have problems; StoreError when the store cannot be opened
 */
export async function createSparekey(options: SparekeyOptions = {}): Promise<Sparekey> {
  const platform = systemPlatform
  const home = options.home ?? homeOf(systemEnvironment).directory
  const inMemory = options.store === 'memory'
  const environment = inMemory ? fixedEnvironment({}) : systemEnvironment
  const loaded = await loadConfig(inMemory ? join(home, 'none', 'config.yaml') : join(home, 'config.yaml'), environment)
  if ('problems' in loaded) throw new SparekeyConfigError(loaded.problems)
  const own = readProviders(options.providers ?? {}, 'createSparekey')
  if ('problems' in own) throw new SparekeyConfigError(own.problems)
  const config = { ...loaded.config, providers: { ...loaded.config.providers, ...own.providers } }
  const problems = namesProblems(config, 'config.yaml')
  if (problems.length > 0) throw new SparekeyConfigError(problems)
  const key = environment.read('SPAREKEY_KEY')
  const store = await openStore(
    inMemory || config.store === 'memory'
      ? { kind: 'memory' }
      : {
          kind: 'sqlite',
          homeDirectory: home,
          keychain: config.key === 'keychain',
          ...(key === undefined ? {} : { key }),
        },
    platform,
  )
  const kept = !inMemory && config.store !== 'memory'
  // Stories are worth less than calls: a journal that cannot be opened keeps nobody from working.
  const journal = kept ? await openCallJournal({ homeDirectory: home }, platform).catch(() => undefined) : undefined
  const runtime = new Runtime({
    config,
    store,
    platform,
    environment,
    ...(kept ? { recordTo: join(home, 'failures.jsonl') } : {}),
    ...(journal === undefined ? {} : { journal }),
  })
  try {
    await addCredentials(runtime, options.credentials ?? [])
  } catch (error) {
    // An open database would keep the process from ending.
    await runtime.close()
    throw error
  }
  const gateways: Gateway[] = []
  return {
    config,
    on: (type, listener) => runtime.bus.on(type, listener),
    fetch(provider) {
      if (provider !== undefined) requireProvider(runtime, provider, 'fetch')
      return makeFetch({
        relay: runtime,
        platform,
        bodyBytes: DEFAULT_GATEWAY_LIMITS.bodyBytes,
        resolveChain: (model, wire, named) =>
          provider === undefined || named !== undefined
            ? runtime.resolveChain(model, wire, named)
            : runtime.chainFrom(provider, model),
        listModels: async () => runtime.listModels(await runtime.holders()),
      })
    },
    async serve(address = {}) {
      const holders = await runtime.holders()
      const gateway = await startGateway({
        relay: runtime,
        platform,
        host: address.host ?? config.listen.host,
        port: address.port ?? config.listen.port,
        ready: () => runtime.readiness(),
        house: {
          resolveChain: (model, wire, named) => runtime.resolveChain(model, wire, named),
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

async function addCredentials(runtime: Runtime, given: NonNullable<SparekeyOptions['credentials']>): Promise<void> {
  for (const [index, { provider, label, secret, accountId }] of given.entries()) {
    requireProvider(runtime, provider, `credentials[${index}].provider`)
    const account = accountId === undefined ? {} : { accountId }
    await runtime.store.addCredential(
      {
        id: systemPlatform.random.id('cred'),
        provider,
        label,
        type: 'api-key',
        source: { kind: 'stored' },
        priority: index,
        fingerprint: fingerprintOf(secret),
        secret: { token: secret, ...account },
        ...account,
      },
      systemPlatform.clock.now(),
    )
  }
}

function requireProvider(runtime: Runtime, provider: string, key: string): void {
  if (runtime.definitionOf(provider) !== undefined) return
  const message = `"${provider}" is not a provider; name it under "providers"`
  throw new SparekeyConfigError([{ where: 'createSparekey', key, message }])
}
