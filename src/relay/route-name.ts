import type { Route } from './call.ts'

/** `provider/model`: how routes are named in headers, records, the configuration and messages. */
export function routeName({ provider, model }: Pick<Route, 'provider' | 'model'>): string {
  return `${provider}/${model}`
}
