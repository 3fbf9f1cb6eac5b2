import type { HeaderList } from '../platform/network.ts'
import type { Route, Withheld } from './call.ts'
import { headerValue } from './headers.ts'
import type { OwnRefusal } from './own-refusal.ts'
import type { FallbackPolicy, ResolvedChain } from './resolved-chain.ts'
import { routeName } from './route-name.ts'

/** `allow` or `deny`. A request can always be stricter than its chain. */
export const METERED_HEADER = 'x-sparekey-metered'

const NOTHING: readonly Withheld[] = []
const WHY: Readonly<Record<Exclude<FallbackPolicy, 'any'> | 'deny', string>> = {
  'ask-header': `is metered, and the fallback policy takes it only with the header "${METERED_HEADER}: allow"`,
  'subscription-only': 'is metered, and the fallback policy is subscription-only',
  deny: `is metered, and the request says "${METERED_HEADER}: deny"`,
}

/** Money is paid for each call on this route. */
export function isMetered(route: Route): boolean {
  return (route.billing ?? route.definition.billing) === 'metered'
}

/** The route costs money, and the chain's first one would not have. */
export function isMeteredFallback(chain: readonly Route[], route: Route): boolean {
  const [first] = chain
  return first !== undefined && first !== route && isMetered(route) && !isMetered(first)
}

/**
 * The routes that a request may take, and those that its chain's, its client's or its own policy keeps it from.
 * What a client names itself, its first route too, is held by its client's policy: else a name would lead around it.
 */
export function allowedRoutes(
  resolved: Extract<ResolvedChain, { kind: 'chain' }>,
  headers: HeaderList,
  clientPolicy: FallbackPolicy = 'any',
): { readonly chain: readonly Route[]; readonly withheld: readonly Withheld[] } | { readonly error: OwnRefusal } {
  const { chain, fallbackPolicy = 'any', namedByCaller = false } = resolved
  const said = headerValue(headers, METERED_HEADER)?.trim().toLowerCase()
  if (said === undefined && fallbackPolicy === 'any' && clientPolicy === 'any') return { chain, withheld: NOTHING }
  if (said !== undefined && said !== 'allow' && said !== 'deny')
    return { error: { code: 'invalid_header', message: `"${METERED_HEADER}" is allow or deny` } }
  const [first] = chain
  const follows = resolved.startsUnmetered ?? (first !== undefined && !isMetered(first))
  const policies: FallbackPolicy[] = [
    ...(follows ? [fallbackPolicy] : []),
    ...(follows || namedByCaller ? [clientPolicy] : []),
  ]
  const why = policies.includes('subscription-only')
    ? WHY['subscription-only']
    : said === 'deny' && follows
      ? WHY.deny
      : policies.includes('ask-header') && said !== 'allow'
        ? WHY['ask-header']
        : undefined
  if (why === undefined) return { chain, withheld: NOTHING }
  const withheld = chain.filter(isMetered).map((route) => ({ route: routeName(route), reason: why }))
  const allowed = chain.filter((route) => !isMetered(route))
  if (allowed.length > 0) return { chain: allowed, withheld }
  const names = withheld.map(({ route }) => route).join(', ')
  return { error: { code: 'fallback_refused', message: `every route of this call (${names}) ${why}` } }
}
