import { FailureRecorder } from './failure-recorder.ts'
import type { Config, ConfigProblem } from '../config/config.ts'
import {
  chainFrom,
  danglingNames,
  definitionOf,
  listModels,
  providerConfig,
  resolveChain,
  type Resolved,
} from '../config/resolve.ts'
import { resolveNamed } from '../config/named-chain.ts'
import type { Environment } from '../platform/environment.ts'
import type { Network } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import { undiciNetwork } from '../platform/undici-network.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import { runSecretCommand } from '../platform/run-secret-command.ts'
import { readSecretFile } from '../platform/secret-file.ts'
import { CredentialPool } from '../pool/pool.ts'
import { FRESH_ENOUGH_MS } from '../pool/pool-options.ts'
import type { Store } from '../pool/store-contract.ts'
import { PROVIDERS } from '../providers/_registry.ts'
import type { Provider } from '../providers/provider.ts'
import { RetryBudget } from '../recovery/budget.ts'
import type { Call, RelayAnswer } from '../relay/call.ts'
import { BoundStateBook } from '../relay/bound-state-book.ts'
import type { ConversationHistory } from '../relay/conversation-history.ts'
import { FallbackHolds } from '../relay/fallback-holds.ts'
import { type Compress, standardCompression } from '../relay/compress.ts'
import { Relay } from '../relay/relay.ts'
import { summariseOver } from '../relay/summarise.ts'
import { TelemetryBus } from '../telemetry/bus.ts'
import type { CallJournal } from '../telemetry/call-journal.ts'
import { CallRecorder } from '../telemetry/call-recorder.ts'
import { Redactor } from '../telemetry/redact.ts'
import type { WireName } from '../wire/wire.ts'
import type { Refresher } from '../oauth/refresh.ts'
import { makeRefresher } from './make-refresher.ts'
import { KeptConversations } from './kept-conversations.ts'
import { probeUsage, type ProbeDependencies } from './probe-usage.ts'

export interface RuntimeOptions {
  readonly config: Config
  readonly store: Store
  readonly platform: Platform
  readonly environment: Environment
  /** @default undici */
  readonly network?: Network
  /** Where failures that no row knew for sure are kept. @default nowhere */
  readonly recordTo?: string
  /** Where the stories of calls are kept; closed with the runtime. @default nowhere */
  readonly journal?: CallJournal
  /** Makes conversations shorter that do not fit. @default what the configuration says under `compression` */
  readonly compress?: Compress
  /** How this program calls itself at token endpoints. @default sparekey */
  readonly userAgent?: string
  /** A refresh whose process has died is taken over after this long, ms. @default 45000 */
  readonly refreshClaimMs?: number
  /** A command or a program: what others keep of conversations on the same home is not its own to remove. @default false: a gateway */
  readonly isGuest?: boolean
  /** Told about what was survived; already without secrets. */
  readonly onTrouble?: (message: string) => void
}

const MOST_REMEMBERED_CHAINS = 500
const LONGEST_REMEMBERED_NAME = 400
/** A usage probe waits this long for newer tokens, ms. */
const LONGEST_PROBE_REFRESH_MS = 10_000

/** Store, pool and relay put together once, for every surface: gateway, command line and library decide alike. */
export class Runtime {
  readonly bus: TelemetryBus
  readonly redactor = new Redactor()
  readonly pool: CredentialPool
  readonly store: Store
  /** Keeps logins alive. */
  readonly refresher: Refresher
  readonly #options: RuntimeOptions
  readonly #network: Network
  readonly #budget = new RetryBudget()
  readonly #boundState = new BoundStateBook()
  readonly #holds = new FallbackHolds()
  readonly #recorder: FailureRecorder | undefined
  readonly #calls: CallRecorder | undefined
  readonly #conversations: KeptConversations
  readonly #recovered: Promise<void>
  #config: Config
  #relay: Relay
  #resolved: {
    readonly config: Config | undefined
    readonly holders: ReadonlySet<string> | undefined
    readonly chains: Map<string, Resolved>
  } = { config: undefined, holders: undefined, chains: new Map() }
  #holders: { readonly of: readonly Credential[]; readonly names: ReadonlySet<string> } | undefined

  constructor(options: RuntimeOptions) {
    this.#options = options
    this.#config = options.config
    this.store = options.store
    const trouble = (message: string) => options.onTrouble?.(this.redactor.text(message))
    this.bus = new TelemetryBus(trouble)
    this.#network = options.network ?? undiciNetwork()
    const probes: ProbeDependencies = {
      network: this.#network,
      platform: options.platform,
      placeOf: (provider) => this.#placeOf(provider),
      onSecret: (secret) => this.redactor.add(secret),
      renew: (credential, refused) => this.#renewAfter(credential, refused),
    }
    this.refresher = makeRefresher({
      store: options.store,
      platform: options.platform,
      environment: options.environment,
      network: this.#network,
      userAgent: options.userAgent ?? 'sparekey',
      placeOf: (provider) => {
        const { oauth, proxy } = this.#config.providers[provider] ?? {}
        return { defaults: this.definitionOf(provider)?.oauth, config: oauth, proxy }
      },
      onSecret: (secret) => this.redactor.add(secret),
      onTrouble: trouble,
      ...(options.refreshClaimMs === undefined ? {} : { claimMs: options.refreshClaimMs }),
    })
    this.#recovered = this.refresher.recover()
    this.pool = new CredentialPool({
      store: options.store,
      platform: options.platform,
      strategyFor: (provider, model) => {
        const { strategy, modelStrategies } = providerConfig(this.#config, provider)
        return model === undefined ? strategy : (modelStrategies[model] ?? strategy)
      },
      avoidBelowFor: (provider) => providerConfig(this.#config, provider).avoidBelow,
      affinityFor: (provider) => providerConfig(this.#config, provider).affinity,
      minRotationIntervalMsFor: (provider) => providerConfig(this.#config, provider).minRotationIntervalMs,
      maxConcurrentFor: (provider) =>
        this.#config.providers[provider]?.maxConcurrent ?? this.#config.limits.maxConcurrentPerCredential,
      probeUsage: {
        canProbe: (provider) => this.definitionOf(provider)?.usageProbe !== undefined,
        probe: (credential, secret) => probeUsage(credential, secret, probes),
      },
      logins: {
        unsaved: (credential) => this.refresher.unsaved(credential),
        fresh: async (credential, secret) => {
          if (!this.refresher.isDue(secret) || !this.refresher.canRefresh(credential, secret)) return secret
          const renewal = await this.refresher.renew(credential, credential.generation, {
            ms: LONGEST_PROBE_REFRESH_MS,
          })
          return renewal.kind === 'renewed' ? renewal.secret : secret
        },
      },
      references: {
        environment: (variable) => options.environment.read(variable),
        file: readSecretFile,
        command: runSecretCommand,
      },
      onTrouble: ({ message }) => trouble(message),
    })
    this.#recorder =
      options.recordTo === undefined
        ? undefined
        : new FailureRecorder({
            path: options.recordTo,
            platform: options.platform,
            redact: (text) => this.redactor.text(text),
            onTrouble: trouble,
          })
    this.#calls =
      options.journal === undefined
        ? undefined
        : new CallRecorder({
            journal: options.journal,
            platform: options.platform,
            redact: (text) => this.redactor.text(text),
            onTrouble: trouble,
          })
    this.bus.subscribe((event) => this.#calls?.take(event))
    this.#conversations = new KeptConversations({
      store: options.store,
      platform: options.platform,
      removes: options.isGuest !== true,
      onTrouble: trouble,
    })
    this.#relay = this.#makeRelay(this.#compressor(), this.#conversations.as(this.#config.history))
  }

  get config(): Config {
    return this.#config
  }

  answer(call: Call): Promise<RelayAnswer> {
    return this.#relay.answer(call)
  }

  /** Takes a new configuration for calls that begin from now on. Running calls end as they began. */
  reload(config: Config): void {
    this.#config = config
    this.#relay = this.#makeRelay(this.#compressor(), this.#conversations.as(config.history))
  }

  /**
   * Routes for a model that a client asked for. Worked out once for each configuration and set of providers with credentials.
   * @param named the chain that the request names instead (`x-sparekey-chain`)
   */
  async resolveChain(model: string, wire: WireName, named?: string): Promise<Resolved> {
    const resolved = this.#resolve(await this.holders(FRESH_ENOUGH_MS), model, wire, named)
    // Nobody may be told that there is no such thing while another process has just added it.
    return resolved.kind === 'chain' ? resolved : this.#resolve(await this.holders(), model, wire, named)
  }

  #resolve(holders: ReadonlySet<string>, model: string, wire: WireName, named: string | undefined): Resolved {
    if (this.#resolved.config !== this.#config || this.#resolved.holders !== holders)
      this.#resolved = { config: this.#config, holders, chains: new Map() }
    const { chains } = this.#resolved
    const name = `${wire} ${model}\n${named ?? ''}`
    const known = chains.get(name)
    if (known !== undefined) return known
    const resolved =
      named === undefined
        ? resolveChain(this.#config, PROVIDERS, holders, model, wire)
        : resolveNamed(this.#config, PROVIDERS, holders, named, model, wire)
    // Clients choose the names: what serves nobody is not kept, and what is kept is bounded.
    if (resolved.kind === 'chain' && name.length <= LONGEST_REMEMBERED_NAME) {
      if (chains.size >= MOST_REMEMBERED_CHAINS) chains.clear()
      chains.set(name, resolved)
    }
    return resolved
  }

  /** Routes of a program that names its provider: that one, then `fallback`. */
  async chainFrom(provider: string, model: string): Promise<Resolved> {
    return chainFrom(this.#config, PROVIDERS, provider, model)
  }

  listModels(holders: ReadonlySet<string>): readonly string[] {
    return listModels(this.#config, PROVIDERS, holders)
  }

  /** Names of providers that have a credential. @param mayBeOldMs see `Store.snapshot` */
  async holders(mayBeOldMs = 0): Promise<ReadonlySet<string>> {
    const { credentials } = await this.store.snapshot(mayBeOldMs)
    // A store gives the same list as long as nothing has changed.
    if (this.#holders?.of !== credentials)
      this.#holders = { of: credentials, names: new Set(credentials.map(({ provider }) => provider)) }
    return this.#holders.names
  }

  /** Connects to the providers that have a credential, so that the first call does not wait for a handshake. Sends nothing, never throws. */
  async prepareConnections(): Promise<void> {
    const holders = await this.holders().catch(() => [])
    for (const provider of holders) {
      const place = this.#placeOf(provider)
      const { http2 } = providerConfig(this.#config, provider)
      if (place !== undefined)
        void this.#network.prepare?.({ url: place.baseUrl, proxy: place.proxy, http2 }, this.#config.limits.connectMs)
    }
  }

  /** Whether a call could be served now. */
  async readiness(): Promise<{ readonly ready: boolean; readonly why: string }> {
    try {
      const { credentials } = await this.store.snapshot()
      return credentials.length > 0
        ? { ready: true, why: 'ready' }
        : { ready: false, why: 'no credential: add one with "sparekey auth add <provider>"' }
    } catch (error) {
      return {
        ready: false,
        why: this.redactor.text(error instanceof Error ? error.message : 'the store cannot be read'),
      }
    }
  }

  /** The definition behind a provider's name, if it is known. */
  definitionOf(provider: string): Provider | undefined {
    return definitionOf(this.#config, PROVIDERS, provider)
  }

  async close(): Promise<void> {
    await this.#recorder?.flush()
    this.#calls?.close()
    await this.#conversations.close()
    await this.pool.close()
    await this.#recovered
    await this.refresher.close()
    await this.#network.close()
    await this.store.close()
  }

  #placeOf(provider: string): ReturnType<ProbeDependencies['placeOf']> {
    const definition = this.definitionOf(provider)
    if (definition === undefined) return undefined
    const { baseUrl, proxy } = providerConfig(this.#config, provider)
    return { definition, baseUrl: baseUrl ?? definition.baseUrl, ...(proxy === undefined ? {} : { proxy }) }
  }

  /** Another process may have renewed a refused token already: then that one is tried first. */
  async #renewAfter(credential: Credential, refused: Secret): Promise<Secret | undefined> {
    const look = await this.store.refreshes.look(credential.id)
    if (look === undefined || look.secret.token !== refused.token) return look?.secret
    if (!this.refresher.canRefresh(credential, look.secret)) return undefined
    const renewal = await this.refresher.renew(credential, look.generation, { ms: LONGEST_PROBE_REFRESH_MS })
    return renewal.kind === 'renewed' ? renewal.secret : undefined
  }

  /** What makes conversations shorter, if anything does. Whoever writes summaries is never compressed itself. */
  #compressor(): Compress | undefined {
    const { compression } = this.#config
    if (this.#options.compress !== undefined || compression === undefined) return this.#options.compress
    const { keepSteps, summaryRoute: route } = compression
    if (route === undefined) return standardCompression({ keepSteps })
    const slash = route.indexOf('/')
    const chain = async () => {
      const resolved = await this.chainFrom(route.slice(0, slash), route.slice(slash + 1))
      // That route alone: a transcript goes to nobody who was not named for it, whatever `fallback` says.
      return resolved.kind === 'chain' ? resolved.chain.slice(0, 1) : []
    }
    const summarise = summariseOver(this.#makeRelay(), chain, this.#options.platform)
    return standardCompression({ keepSteps, summarise })
  }

  #makeRelay(compress?: Compress, history?: ConversationHistory): Relay {
    const { policy, limits, repairsOff } = this.#config
    return new Relay({
      pool: this.pool,
      network: this.#network,
      platform: this.#options.platform,
      policy,
      limits,
      repairsOff: new Set(repairsOff),
      compress,
      history,
      budget: this.#budget,
      refresher: this.refresher,
      emit: (event) => this.bus.emit(event),
      ...(this.#config.recordFailures ? { onFailure: (failure) => this.#recorder?.record(failure) } : {}),
      onSecret: (secret) => this.redactor.add(secret),
      boundState: this.#boundState,
      holds: this.#holds,
    })
  }
}

/** Names in a configuration that nobody has, as problems with their key. */
export function namesProblems(config: Config, where: string): readonly ConfigProblem[] {
  return danglingNames(config, PROVIDERS).map((each) => ({ where, ...each }))
}
