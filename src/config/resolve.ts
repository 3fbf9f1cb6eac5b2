import type { Billing, Provider } from '../providers/provider.ts'
import type { WireName } from '../wire/wire.ts'
import type { ChainConfig, Config, ConfigProblem, FallbackPolicy, ProviderConfig } from './config.ts'
import { completeProvider } from './load.ts'
import { nearest } from './nearest.ts'

export type Registry = Readonly<Record<string, Provider>>

/** Provider and model, with everything that a route brings along. The relay's `Route`. */
export interface ResolvedRoute {
  readonly provider: string
  readonly model: string
  readonly definition: Provider
  readonly baseUrl: string
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly wires: readonly WireName[]
  readonly proxy?: string
  readonly http2?: boolean
  readonly billing: Billing
}

export type Resolved =
  | {
      readonly kind: 'chain'
      readonly chain: readonly ResolvedRoute[]
      readonly fallbackPolicy: FallbackPolicy
      /** What stands first in the configuration costs nothing more. */
      readonly startsUnmetered: boolean
      /** The caller named the routes and not only a model. */
      readonly namedByCaller: boolean
    }
  | { readonly kind: 'unknown'; readonly message: string }

/** Order in which built-in providers are asked when nothing is configured: what is paid for already comes first. */
const DEFAULT_ORDER = ['openai-codex', 'openai', 'anthropic', 'openrouter']

/**
 * The chain of routes for a model that a client asked for: its own entry under `models`, else `provider/model` said directly,
 * else providers that list it, else `"*"`, else every provider with credentials. `fallback` is appended; doubles are left out.
 * @param holders names of providers that have a credential
 */
export function resolveChain(
  config: Config,
  registry: Registry,
  holders: ReadonlySet<string>,
  model: string,
  wire: WireName,
): Resolved {
  const own = entry(config.models, model)
  const direct = own === undefined ? directRoute(config, registry, holders, model) : undefined
  const listed = direct === undefined ? listing(config, model) : [direct]
  const named = own !== undefined ? model : listed === undefined ? '*' : undefined
  const texts = own ?? listed ?? entry(config.models, '*') ?? defaults(config, registry, holders, wire)
  const settings = named === undefined ? undefined : entry(config.chains ?? {}, named)
  const chain = chainOf(config, registry, texts ?? [], model, settings)
  if (chain.length > 0) {
    const fallbackPolicy = settings?.fallbackPolicy ?? config.fallbackPolicy
    return {
      kind: 'chain',
      chain,
      fallbackPolicy,
      startsUnmetered: isUnmetered(chain),
      namedByCaller: direct !== undefined,
    }
  }
  const guess = nearest(model, listModels(config, registry, holders))
  const known = guess === undefined ? 'see GET /v1/models' : `did you mean "${guess}"?`
  return { kind: 'unknown', message: `no route serves the model "${model.slice(0, 100)}"; ${known}` }
}

/** The chain of a program that names its provider: that one first, `fallback` after it. */
export function chainFrom(config: Config, registry: Registry, provider: string, model: string): Resolved {
  const chain = chainOf(config, registry, [`${provider}/*`], model)
  const { fallbackPolicy } = config
  return { kind: 'chain', chain, fallbackPolicy, startsUnmetered: isUnmetered(chain), namedByCaller: false }
}

/** Whether a chain begins with what costs nothing more. */
export function isUnmetered([first]: readonly ResolvedRoute[]): boolean {
  return first !== undefined && first.billing !== 'metered'
}

/** The routes of some texts, with what ends them; doubles and what no provider stands behind are left out. */
export function chainOf(
  config: Config,
  registry: Registry,
  texts: readonly string[],
  model: string,
  settings: ChainConfig = {},
): readonly ResolvedRoute[] {
  const seen = new Set<string>()
  const chain: ResolvedRoute[] = []
  for (const text of texts.length === 0 ? [] : [...texts, ...(settings.fallback ?? config.fallback)]) {
    const route = toRoute(config, registry, text, model)
    if (route === undefined || seen.has(`${route.provider}/${route.model}`)) continue
    seen.add(`${route.provider}/${route.model}`)
    chain.push(route)
  }
  return chain
}

/** Clients choose these names: `constructor` is found on every object, and broke the call. */
export function entry<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** Names that clients may ask for. */
export function listModels(config: Config, registry: Registry, holders: ReadonlySet<string>): readonly string[] {
  const names = new Set(Object.keys(config.models).filter((name) => name !== '*'))
  for (const [provider, { models }] of Object.entries(config.providers))
    for (const model of models) names.add(model).add(`${provider}/${model}`)
  for (const holder of holders)
    for (const model of definitionOf(config, registry, holder)?.models ?? []) names.add(model)
  return [...names]
}

/** The definition behind a name: a built-in provider, or a configured one of some type, with the user's rows before its own. */
export function definitionOf(config: Config, registry: Registry, name: string): Provider | undefined {
  const configured = entry(config.providers, name)
  const builtIn = entry(registry, name)
  if (configured === undefined) return builtIn
  const definition =
    configured.type === undefined
      ? (builtIn ?? byAlias(registry, name) ?? entry(registry, 'openai-compatible'))
      : (entry(registry, configured.type) ?? byAlias(registry, configured.type))
  return definition === undefined || configured.rules.length === 0 ? definition : withRules(definition, configured)
}

/** One object for each configuration: a new table for every call would be prepared anew for every failure. */
const EXTENDED = new WeakMap<ProviderConfig, Provider>()

function withRules(definition: Provider, configured: ProviderConfig): Provider {
  let extended = EXTENDED.get(configured)
  if (extended === undefined) {
    extended = { ...definition, rules: [...configured.rules, ...definition.rules] }
    EXTENDED.set(configured, extended)
  }
  return extended
}

function byAlias(registry: Registry, name: string): Provider | undefined {
  return Object.values(registry).find(({ aliases }) => aliases?.includes(name))
}

/** Settings of a provider, configured or not. */
export function providerConfig(config: Config, name: string): ProviderConfig {
  return entry(config.providers, name) ?? completeProvider({})
}

/**
 * A known provider's name before the slash wins over a vendor's: `openai/gpt-5.5` is OpenAI, not a name at OpenRouter.
 * Most vendors' names are providers too; they win only where somebody has set them up, or OpenRouter's users could not ask for `deepseek/deepseek-chat`.
 */
function directRoute(
  config: Config,
  registry: Registry,
  holders: ReadonlySet<string>,
  model: string,
): string | undefined {
  const slash = model.indexOf('/')
  if (slash <= 0 || slash === model.length - 1) return undefined
  const name = model.slice(0, slash)
  const isSetUp = Object.hasOwn(config.providers, name) || holders.has(name) || DEFAULT_ORDER.includes(name)
  return isSetUp && definitionOf(config, registry, name) !== undefined ? model : undefined
}

function listing(config: Config, model: string): readonly string[] | undefined {
  const found = Object.entries(config.providers).filter(([, { models }]) => models.includes(model))
  return found.length === 0 ? undefined : found.map(([name]) => `${name}/${model}`)
}

function defaults(
  config: Config,
  registry: Registry,
  holders: ReadonlySet<string>,
  wire: WireName,
): readonly string[] | undefined {
  // Whoever lists models explicitly means just those.
  if (Object.keys(config.models).length > 0) return undefined
  const names = [...new Set([...DEFAULT_ORDER, ...Object.keys(config.providers), ...holders])]
  const speaking = names.filter((name) => wiresOf(config, registry, name).includes(wire))
  const native = speaking.filter((name) => holders.has(name))
  // Nobody speaks the caller's protocol: whoever has a credential is told the call in their own.
  const held = native.length > 0 ? native : names.filter((name) => holders.has(name))
  // Without any credential the first provider stays, so that the answer can say what to add.
  const chosen = held.length > 0 ? held : speaking.slice(0, 1)
  return chosen.length === 0 ? undefined : chosen.map((name) => `${name}/*`)
}

function wiresOf(config: Config, registry: Registry, name: string): readonly WireName[] {
  return entry(config.providers, name)?.wires ?? definitionOf(config, registry, name)?.wires ?? []
}

function toRoute(config: Config, registry: Registry, text: string, asked: string): ResolvedRoute | undefined {
  const slash = text.indexOf('/')
  const name = text.slice(0, slash)
  const model = text.slice(slash + 1)
  const definition = definitionOf(config, registry, name)
  if (definition === undefined) return undefined
  const { baseUrl, headers, proxy, http2, billing } = providerConfig(config, name)
  return {
    provider: name,
    model: model === '*' ? asked : model,
    definition,
    baseUrl: baseUrl ?? definition.baseUrl,
    headers: Object.entries(headers),
    wires: wiresOf(config, registry, name),
    billing: billing ?? definition.billing,
    ...(proxy === undefined ? {} : { proxy }),
    ...(http2 === undefined ? {} : { http2 }),
  }
}

type Dangling = Omit<ConfigProblem, 'where'>

/** Routes and types that name nobody, found when a configuration is loaded rather than at the first call. */
export function danglingNames(config: Config, registry: Registry): readonly Dangling[] {
  const known = [...new Set([...Object.keys(registry), ...Object.keys(config.providers)])]
  const problems: Dangling[] = []
  const tell = (key: string, message: string, guess?: string) => {
    const place = config.places?.get(key) ?? config.places?.get(key.replace(/\.[^.]*$/, ''))
    problems.push({ ...place, key, message, ...(guess === undefined ? {} : { nearest: guess }) })
  }
  const check = (key: string, name: string, candidates: readonly string[], what: string) => {
    if (candidates.includes(name)) return
    tell(key, `${what} "${name}" is not known`, nearest(name, candidates))
  }
  for (const [name, { type, baseUrl }] of Object.entries(config.providers)) {
    const definition = entry(registry, type ?? name) ?? byAlias(registry, type ?? name)
    if (type !== undefined && definition === undefined)
      check(`providers.${name}.type`, type, Object.keys(registry), 'provider type')
    if (definition === undefined && type === undefined)
      tell(`providers.${name}`, 'is not a built-in provider and names no "type"', nearest(name, Object.keys(registry)))
    if (definition?.baseUrl === '' && baseUrl === undefined)
      tell(`providers.${name}.baseUrl`, 'is needed: this type has no address of its own')
  }
  for (const [model, routes] of Object.entries(config.models))
    for (const [index, route] of routes.entries())
      check(`models.${model}[${index}]`, route.slice(0, route.indexOf('/')), known, 'provider')
  for (const [model, { fallback = [] }] of Object.entries(config.chains ?? {}))
    for (const [index, route] of fallback.entries())
      check(`models.${model}.fallback[${index}]`, route.slice(0, route.indexOf('/')), known, 'provider')
  for (const [index, route] of config.fallback.entries())
    check(`fallback[${index}]`, route.slice(0, route.indexOf('/')), known, 'provider')
  const summary = config.compression?.summaryRoute
  if (summary !== undefined)
    check('compression.summaryRoute', summary.slice(0, summary.indexOf('/')), known, 'provider')
  return problems
}
