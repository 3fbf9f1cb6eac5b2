import type { Route } from './call.ts'

/**
 * Who may be asked to count: the routes that can, when the first one is among them. Another vendor's count of a call that goes to the first route would
 * be exact and wrong.
 */
export function countingRoutes(chain: readonly Route[]): readonly Route[] {
  const [first] = chain
  return first !== undefined && counts(first) ? chain.filter(counts) : []
}

function counts(route: Route): boolean {
  return route.wires.includes('messages') && (route.countsTokens ?? route.definition.countsTokens ?? false)
}
