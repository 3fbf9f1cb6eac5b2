import type { WireName } from '../wire/wire.ts'
import type { Config, FallbackPolicy } from './config.ts'
import { nearest } from './nearest.ts'
import {
  chainOf,
  definitionOf,
  entry,
  isUnmetered,
  type Registry,
  type Resolved,
  type ResolvedRoute,
  resolveChain,
} from './resolve.ts'

const MOST_NAMED_ROUTES = 20
const LONGEST_NAMED_CHAIN = 2_000
const STRICTER: readonly FallbackPolicy[] = ['any', 'ask-header', 'subscription-only']

/**
 * The chain that a request names for itself (`x-sparekey-chain`): names under `models`, each standing for all that it has, and routes, apart by commas.
 * The strictest policy of all that is named, and of the chain that the model would have had, holds: no order of routes leads around it.
 */
export function resolveNamed(
  config: Config,
  registry: Registry,
  holders: ReadonlySet<string>,
  asked: string,
  model: string,
  wire: WireName,
): Resolved {
  const unknown = (message: string): Resolved => ({ kind: 'unknown', message: `x-sparekey-chain ${message}` })
  const names = asked.split(',').map((each) => each.trim())
  if (asked.length > LONGEST_NAMED_CHAIN || names.length > MOST_NAMED_ROUTES)
    return unknown(`names more than ${MOST_NAMED_ROUTES} routes`)
  const chain = new Map<string, ResolvedRoute>()
  const usual = resolveChain(config, registry, holders, model, wire)
  const parts: Array<Extract<Resolved, { kind: 'chain' }>> = usual.kind === 'chain' ? [usual] : []
  for (const name of names) {
    const routes = entry(config.models, name)
    const settings = entry(config.chains ?? {}, name)
    const provider = name.slice(0, Math.max(0, name.indexOf('/')))
    const isRoute = name.length > provider.length + 1 && definitionOf(config, registry, provider) !== undefined
    if (routes === undefined && !isRoute) {
      const guess = nearest(name, [...Object.keys(config.models), ...Object.keys(config.providers)])
      const hint = guess === undefined ? '' : `; did you mean "${guess}"?`
      return unknown(`names "${name.slice(0, 100)}", which is neither a name under "models" nor provider/model${hint}`)
    }
    const own = routes === undefined ? { ...settings, fallback: [] } : settings
    const part = chainOf(config, registry, routes ?? [name], model, own)
    for (const route of part) chain.set(`${route.provider}/${route.model}`, route)
    const fallbackPolicy = (routes === undefined ? undefined : settings?.fallbackPolicy) ?? config.fallbackPolicy
    parts.push({ kind: 'chain', chain: part, fallbackPolicy, startsUnmetered: isUnmetered(part), namedByCaller: true })
  }
  if (chain.size === 0) return unknown('names no route that exists')
  return {
    kind: 'chain',
    chain: [...chain.values()],
    fallbackPolicy: STRICTER.findLast((policy) => parts.some((each) => each.fallbackPolicy === policy)) ?? 'any',
    startsUnmetered: parts.some((each) => each.startsUnmetered),
    namedByCaller: true,
  }
}
