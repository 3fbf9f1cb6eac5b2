import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { Environment } from '../platform/environment.ts'
import { FAILURE_LABELS, type FailureLabel } from '../failure/labels.ts'
import { DEFAULT_POLICY, type Policy, type PolicyRow, type Retries } from '../recovery/policy.ts'
import { REPAIR_NAMES } from '../recovery/repair-names.ts'
import { type Config, CONFIG_DEFAULTS, type ConfigProblem, type ProviderConfig } from './config.ts'
import { nearest } from './nearest.ts'
import { parseConfig, type ParsedFile, type Place } from './parse.ts'
import { problemText } from './problem-text.ts'
import { type FileText, readConfigFile } from './read-config-file.ts'
import { compileRules } from './user-rules.ts'
import { type ConfigFile, configSchema, type HistoryFile, type ProviderFile } from './schema.ts'

/** Settings given on the command line. */
export interface ConfigFlags {
  readonly listen?: string
  readonly store?: string
}

/** Wait before a retry where neither the row nor its override names one, ms. */
const FIRST_BACKOFF_MS = 1000

export type LoadedConfig = { readonly config: Config } | { readonly problems: readonly ConfigProblem[] }

/**
 * Reads the configuration: flags > environment (`SPAREKEY_*`) > file > defaults. A missing or empty file means defaults.
 * An unreadable or wrong file is told and never overwritten.
 */
export async function loadConfig(
  path: string,
  environment: Environment,
  flags: ConfigFlags = {},
): Promise<LoadedConfig> {
  return loadText(await readConfigFile(path), basename(path), environment, flags)
}

/** The same for a file that is read already. @param where the file's name in problems */
export function loadText(
  read: FileText,
  where: string,
  environment: Environment,
  flags: ConfigFlags = {},
): LoadedConfig {
  if ('unreadable' in read) return { problems: [{ where, key: '', message: read.unreadable }] }
  const parsed = parseConfig('missing' in read ? '' : read.text, where)
  if ('problems' in parsed) return parsed
  const layers = new Layers(parsed.file, where)
  const problems = layers.applyEnvironment(environment)
  layers.applyFlags(flags)
  const checked = configSchema.safeParse(layers.merged)
  if (!checked.success) {
    for (const issue of checked.error.issues) {
      const key = issue.path.map(String).join('.')
      problems.push({ where: layers.sources[key] ?? where, key, message: problemText(issue) })
    }
  }
  if (problems.length > 0) return { problems }
  return { config: { ...complete(layers.merged, layers.sources), places: placesOf(parsed) } }
}

/** What a program may give instead of a file. */
interface GivenSettings {
  readonly providers?: Readonly<Record<string, ProviderFile>> | undefined
  readonly history?: HistoryFile | undefined
}

/** Settings given by a program instead of a file, checked like those of a file. @param where who gave them, in problems */
export function readGiven(
  { providers = {}, history }: GivenSettings,
  where: string,
): Pick<Config, 'providers' | 'history'> | { readonly problems: readonly ConfigProblem[] } {
  const checked = configSchema.safeParse({ providers, ...(history === undefined ? {} : { history }) })
  if (checked.success) return { providers: completeProviders(checked.data), ...completeHistory(checked.data.history) }
  return {
    problems: checked.error.issues.map((issue) => ({
      where,
      key: issue.path.map(String).join('.'),
      message: issue.code === 'unrecognized_keys' ? `unknown key "${issue.keys.join('", "')}"` : problemText(issue),
    })),
  }
}

class Layers {
  readonly sources: Record<string, string> = {}
  merged: ConfigFile

  constructor(file: ConfigFile, where: string) {
    this.merged = file
    for (const key of Object.keys(file)) this.sources[key] = where
    for (const key of Object.keys(file.limits ?? {})) this.sources[`limits.${key}`] = where
  }

  /** `SPAREKEY_LISTEN`, `SPAREKEY_STORE`, `SPAREKEY_LIMITS_IDLE_MS`. Other `SPAREKEY_*` names belong to the program and are left alone. */
  applyEnvironment(environment: Environment): ConfigProblem[] {
    const problems: ConfigProblem[] = []
    const listen = environment.read('SPAREKEY_LISTEN')
    const store = environment.read('SPAREKEY_STORE')
    if (listen !== undefined) this.#set('listen', listen, 'SPAREKEY_LISTEN')
    if (store !== undefined) this.#set('store', store, 'SPAREKEY_STORE')
    for (const [name, value] of environment.startingWith('SPAREKEY_LIMITS_')) {
      const key = camel(name.slice('SPAREKEY_LIMITS_'.length))
      if (!Object.hasOwn(CONFIG_DEFAULTS.limits, key)) {
        const guess = nearest(key, Object.keys(CONFIG_DEFAULTS.limits))
        problems.push({
          where: name,
          key: `limits.${key}`,
          message: 'unknown limit',
          ...(guess === undefined ? {} : { nearest: guess }),
        })
      } else if (!/^\d+$/.test(value)) {
        problems.push({ where: name, key: `limits.${key}`, message: 'must be a whole number of milliseconds' })
      } else {
        this.merged = { ...this.merged, limits: { ...this.merged.limits, [key]: Number(value) } }
        this.sources[`limits.${key}`] = name
      }
    }
    return problems
  }

  applyFlags(flags: ConfigFlags): void {
    if (flags.listen !== undefined) this.#set('listen', flags.listen, 'flag')
    if (flags.store !== undefined) this.#set('store', flags.store, 'flag')
  }

  #set(key: 'listen' | 'store', value: string, source: string): void {
    this.merged = { ...this.merged, [key]: value }
    this.sources[key] = source
  }
}

function complete(file: ConfigFile, sources: Readonly<Record<string, string>>): Config {
  const listen = file.listen ?? CONFIG_DEFAULTS.listen
  const colon = listen.lastIndexOf(':')
  return {
    // Brackets set an IPv6 address apart from its port; the network does not take them.
    listen: { host: listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(listen.slice(colon + 1)) },
    store: file.store ?? CONFIG_DEFAULTS.store,
    key: file.key ?? CONFIG_DEFAULTS.key,
    providers: completeProviders(file),
    models: mapEntries(file.models ?? {}, routesOf),
    chains: mapEntries(file.models ?? {}, (each) =>
      Array.isArray(each) ? {} : { fallback: each.fallback, fallbackPolicy: each.fallbackPolicy },
    ),
    fallback: file.fallback ?? [],
    fallbackPolicy: file.fallbackPolicy ?? 'any',
    recordFailures: file.recordFailures ?? CONFIG_DEFAULTS.recordFailures,
    policy: mergePolicy(file.policy ?? {}),
    ...completeCompression(file.compression),
    ...completeHistory(file.history),
    repairsOff: REPAIR_NAMES.filter((name) => file.repairs?.[name] === false),
    limits: { ...CONFIG_DEFAULTS.limits, ...withoutUndefined(file.limits ?? {}) },
    clients: (file.clients ?? []).map(completeClient),
    sources,
  }
}

/** The section switches it on, even an empty one. */
function completeCompression(file: ConfigFile['compression']): Pick<Config, 'compression'> {
  if (file === undefined || file === null) return {}
  const { summaryRoute, keepSteps = CONFIG_DEFAULTS.keepSteps } = file
  return { compression: { keepSteps, ...(summaryRoute === undefined ? {} : { summaryRoute }) } }
}

function completeHistory(file: ConfigFile['history']): Pick<Config, 'history'> {
  const { keep = false, ...bounds } = file ?? {}
  return keep ? { history: { ...CONFIG_DEFAULTS.history, ...withoutUndefined(bounds) } } : {}
}

function completeProviders(file: ConfigFile): Config['providers'] {
  return Object.fromEntries(
    Object.entries(file.providers ?? {}).map(([name, each]) => [name, completeProvider(each ?? {}, name)]),
  )
}

/** Settings of a provider that the file does not name. */
export function completeProvider(file: ProviderFile, name = ''): ProviderConfig {
  return {
    type: file.type,
    wires: file.wires ?? (file.wire === undefined ? undefined : [file.wire]),
    baseUrl: file.baseUrl?.replace(/\/+$/, ''),
    headers: file.headers ?? {},
    models: file.models ?? [],
    strategy: file.strategy ?? CONFIG_DEFAULTS.strategy,
    modelStrategies: file.modelStrategies ?? {},
    affinity: file.affinity ?? CONFIG_DEFAULTS.affinity,
    avoidBelow: file.avoidBelow ?? CONFIG_DEFAULTS.avoidBelow,
    maxConcurrent: file.maxConcurrent,
    minRotationIntervalMs: file.minRotationIntervalMs ?? 0,
    oauth: file.oauth,
    proxy: file.proxy,
    countsTokens: file.countsTokens,
    capabilities: file.capabilities,
    http2: file.http2,
    billing: file.billing,
    rules: compileRules(name, file.rules ?? []),
  }
}

/** An override changes what it names: more retries keep the row's backoff and its use of hints. */
function mergePolicy(overrides: NonNullable<ConfigFile['policy']>): Policy {
  const merged: Record<FailureLabel, PolicyRow> = { ...DEFAULT_POLICY }
  for (const label of FAILURE_LABELS) {
    const { tries, retries, bench } = overrides[label] ?? {}
    const row = DEFAULT_POLICY[label]
    merged[label] = {
      tries: tries ?? row.tries,
      retries: retries === undefined ? row.retries : mergeRetries(row.retries, retries),
      bench: bench === undefined ? row.bench : withoutUndefined(bench),
    }
  }
  return merged
}

function mergeRetries(
  row: Retries,
  {
    times,
    backoffMs,
    useHintUpToMs,
  }: NonNullable<NonNullable<NonNullable<ConfigFile['policy']>[FailureLabel]>['retries']>,
): Retries {
  const ladder = backoffMs ?? row.backoffMs
  const hint = useHintUpToMs ?? row.useHintUpToMs
  return {
    times: times ?? row.times,
    // A row without retries has no ladder; retries at once would hammer.
    backoffMs: ladder.length > 0 ? ladder : [FIRST_BACKOFF_MS],
    ...(hint === undefined ? {} : { useHintUpToMs: hint }),
  }
}

function placesOf({ file, placeOf }: Extract<ParsedFile, { file: ConfigFile }>): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>()
  for (const [name, provider] of Object.entries(file.providers ?? {})) {
    places.set(`providers.${name}`, placeOf(['providers', name]))
    for (const key of Object.keys(provider ?? {}))
      places.set(`providers.${name}.${key}`, placeOf(['providers', name, key]))
  }
  for (const [model, chain] of Object.entries(file.models ?? {})) {
    const path = Array.isArray(chain) ? ['models', model] : ['models', model, 'routes']
    for (const index of routesOf(chain).keys()) places.set(`models.${model}[${index}]`, placeOf([...path, index]))
    for (const index of (Array.isArray(chain) ? [] : (chain.fallback ?? [])).keys())
      places.set(`models.${model}.fallback[${index}]`, placeOf(['models', model, 'fallback', index]))
  }
  for (const index of (file.fallback ?? []).keys()) places.set(`fallback[${index}]`, placeOf(['fallback', index]))
  return places
}

type ChainFile = NonNullable<ConfigFile['models']>[string]

function routesOf(chain: ChainFile): readonly string[] {
  return Array.isArray(chain) ? chain : chain.routes
}

function mapEntries<T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Readonly<Record<string, R>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}

type ClientFile = NonNullable<ConfigFile['clients']>[number]

/** Only the hash is kept: a configuration that is printed shows no key. */
function completeClient(client: ClientFile, index: number): Config['clients'][number] {
  if (typeof client === 'string') return { name: `client-${index + 1}`, sha256: hashOf(client) }
  const { name, fallbackPolicy } = client
  const sha256 = 'sha256' in client ? client.sha256.toLowerCase() : hashOf(client.key)
  return { name, sha256, ...(fallbackPolicy === undefined ? {} : { fallbackPolicy }) }
}

/** `sha256:<hex>` stands for a key that the file does not hold. */
function hashOf(key: string): string {
  return /^sha256:([0-9a-f]{64})$/i.exec(key)?.[1]?.toLowerCase() ?? sha256(key)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function camel(upper: string): string {
  return upper.toLowerCase().replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase())
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
