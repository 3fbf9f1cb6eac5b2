import type { Route } from './call.ts'

/**
 * Whether a route that costs money for each call may follow one that does not.
 * `any` takes it and says so · `ask-header` only when the request says `x-sparekey-metered: allow` · `subscription-only` never.
 */
export type FallbackPolicy = 'any' | 'ask-header' | 'subscription-only'

/** What a model's name, or the routes that a request names, lead to. */
export type ResolvedChain =
  | {
      readonly kind: 'chain'
      readonly chain: readonly Route[]
      /** @default any */
      readonly fallbackPolicy?: FallbackPolicy
      /** What stands first in the configuration costs nothing more. @default as the chain's first route */
      readonly startsUnmetered?: boolean
      /** The caller named the routes and not only a model. @default false */
      readonly namedByCaller?: boolean
    }
  /** `message` names the nearest known model where there is one. */
  | { readonly kind: 'unknown'; readonly message: string }
