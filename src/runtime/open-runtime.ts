import { join } from 'node:path'
import { SparekeyConfigError } from '../config/config-error.ts'
import { homeOf } from '../config/home.ts'
import { UnsupportedRuntimeError } from '../config/runtime-error.ts'
import { loadConfig, readGiven } from '../config/load.ts'
import type { HistoryFile, ProviderFile } from '../config/schema.ts'
import { fixedEnvironment, systemEnvironment } from '../platform/environment.ts'
import { systemPlatform } from '../platform/platform.ts'
import { canSend } from '../platform/undici-network.ts'
import { fingerprintOf } from '../pool/fingerprint.ts'
import type { Compress } from '../relay/compress.ts'
import { openCallJournal } from '../stores/open-call-journal.ts'
import { openStore } from '../stores/open-store.ts'
import { namesProblems, Runtime } from './runtime.ts'

/** Which home a program works with, or what it gives instead of one. */
export interface SparekeyOptions {
  /** Folder of `config.yaml`, database and key. @default `SPAREKEY_HOME`, else `~/.sparekey` */
  readonly home?: string
  /** `memory` keeps nothing and reads no configuration file. @default what the configuration says */
  readonly store?: 'memory' | 'sqlite'
  /** Added to (and winning over) the configured providers. */
  readonly providers?: Readonly<Record<string, ProviderFile>>
  /** Makes conversations shorter that do not fit their model. @default what the configuration says under `compression` */
  readonly compress?: Compress
  /**
   * What is kept of conversations whose clients send only what is new, for this program's calls. Meant for a store in memory and homes without a gateway:
   * a gateway whose `config.yaml` has it off removes what is kept on its home. @default what the configuration says under `history`
   */
  readonly history?: HistoryFile
  /** Credentials for a store in memory. */
  readonly credentials?: ReadonlyArray<{
    readonly provider: string
    readonly label: string
    readonly secret: string
    readonly accountId?: string
  }>
}

/**
 * The whole system for one process, on the same home as the command line or in memory.
 * @throws UnsupportedRuntimeError on Bun; SparekeyConfigError when the configuration or the given providers have problems; StoreError when the store cannot be opened
 */
export async function openRuntime(options: SparekeyOptions = {}): Promise<Runtime> {
  if (!canSend()) throw new UnsupportedRuntimeError()
  const platform = systemPlatform
  const home = options.home ?? homeOf(systemEnvironment).directory
  const inMemory = options.store === 'memory'
  const environment = inMemory ? fixedEnvironment({}) : systemEnvironment
  const loaded = await loadConfig(inMemory ? join(home, 'none', 'config.yaml') : join(home, 'config.yaml'), environment)
  if ('problems' in loaded) throw new SparekeyConfigError(loaded.problems)
  const own = readGiven(options, 'createSparekey')
  if ('problems' in own) throw new SparekeyConfigError(own.problems)
  const { history: configured, ...rest } = loaded.config
  const history = options.history === undefined ? configured : own.history
  const config = {
    ...rest,
    ...(history === undefined ? {} : { history }),
    providers: { ...loaded.config.providers, ...own.providers },
  }
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
    isGuest: true,
    ...(kept ? { recordTo: join(home, 'failures.jsonl') } : {}),
    ...(journal === undefined ? {} : { journal }),
    ...(options.compress === undefined ? {} : { compress: options.compress }),
  })
  try {
    await addCredentials(runtime, options.credentials ?? [])
  } catch (error) {
    // An open database would keep the process from ending.
    await runtime.close()
    throw error
  }
  return runtime
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

/** @param key where the name was given. @throws SparekeyConfigError when there is no such provider */
export function requireProvider(runtime: Runtime, provider: string, key: string): void {
  if (runtime.definitionOf(provider) !== undefined) return
  const message = `"${provider}" is not a provider; name it under "providers"`
  throw new SparekeyConfigError([{ where: 'createSparekey', key, message }])
}
