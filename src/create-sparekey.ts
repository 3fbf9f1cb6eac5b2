import { type AiSdkLanguageModel, languageModelOver, type LanguageModelTerms } from './ai-sdk/language-model.ts'
import type { Config } from './config/config.ts'
import type { GivenUpTerms, SparekeyFetch } from './fetch/fetch.ts'
import { fetchOver } from './fetch/fetch-over.ts'
import { type Gateway, startGateway } from './gateway/index.ts'
import { systemPlatform } from './platform/platform.ts'
import { openRuntime, requireProvider, type SparekeyOptions } from './runtime/open-runtime.ts'
import type { TelemetryEvent } from './telemetry/events.ts'

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
  fetch(provider?: string, terms?: GivenUpTerms): SparekeyFetch
  /**
   * A model for the Vercel AI SDK, whatever its major version; needs `@ai-sdk/openai` or `@ai-sdk/anthropic` beside it.
   * @param model as at the gateway: a configured name, `provider/model`, or a plain model name
   * @throws SparekeyError `package_missing`; SparekeyConfigError when there is no such provider
   */
  languageModel(model: string, terms?: LanguageModelTerms): AiSdkLanguageModel
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
  const runtime = await openRuntime(options)
  const { config } = runtime
  const gateways: Gateway[] = []
  return {
    config,
    on: (type, listener) => runtime.bus.on(type, listener),
    fetch(provider, terms = {}) {
      if (provider !== undefined) requireProvider(runtime, provider, 'fetch')
      return fetchOver(() => runtime, platform, { ...terms, provider })
    },
    languageModel(model, terms = {}) {
      if (terms.provider !== undefined) requireProvider(runtime, terms.provider, 'languageModel')
      return languageModelOver(() => runtime, platform, model, terms)
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
