import type { Route } from './call.ts'

/** What a model's name leads to. */
export type ResolvedChain =
  | { readonly kind: 'chain'; readonly chain: readonly Route[] }
  /** `message` names the nearest known model where there is one. */
  | { readonly kind: 'unknown'; readonly message: string }
