import { systemPlatform } from '../platform/platform.ts'
import { LazyRuntime } from '../runtime/lazy-runtime.ts'
import type { SparekeyOptions } from '../runtime/open-runtime.ts'
import type { SparekeyFetch } from './fetch.ts'
import { fetchOver, type FetchTerms } from './fetch-over.ts'

/** A drop-in `fetch` that opens its home by itself, at its first call. */
export interface OwnedFetch extends SparekeyFetch {
  /** Opens the home now. @throws SparekeyConfigError, StoreError: what a call would tell as an answer */
  open(): Promise<void>
  /** Must be called before the program can end by itself. */
  close(): Promise<void>
}

/**
 * The drop-in `fetch` alone, for programs that want nothing else: made at once, and the rest of the system is loaded at the first call.
 * Works like `createSparekey(options).fetch(provider, terms)`.
 */
export function createFetch(options: SparekeyOptions & FetchTerms = {}): OwnedFetch {
  const { provider, givenUp, ...where } = options
  const runtime = new LazyRuntime(where, provider === undefined ? [] : [provider])
  const terms = givenUp === undefined ? { provider } : { provider, givenUp }
  const ask = fetchOver(() => runtime.open(), systemPlatform, terms)
  return Object.assign<SparekeyFetch, Pick<OwnedFetch, 'open' | 'close'>>((input, init) => ask(input, init), {
    open: async () => void (await runtime.open()),
    close: () => runtime.close(),
  })
}

export { type ErrorAttempt, SparekeyError, type SparekeyErrorFacts } from '../failure/sparekey-error.ts'
export type { SparekeyOptions } from '../runtime/open-runtime.ts'
export { sparekeyErrorOf } from '../wire/thrown-error.ts'
export type { GivenUpTerms, SparekeyFetch } from './fetch.ts'
export type { FetchTerms } from './fetch-over.ts'
