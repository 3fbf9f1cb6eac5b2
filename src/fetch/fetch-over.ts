import type { Platform } from '../platform/platform.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type GivenUpTerms, makeFetch, type SparekeyFetch } from './fetch.ts'

/** Largest request body that a program may send, bytes. */
const BODY_BYTES = 64 * 1024 * 1024

export interface FetchTerms extends GivenUpTerms {
  /** Whose pool is asked first, then `fallback`. @default the chain that the configuration has for the model */
  readonly provider?: string | undefined
}

/** A `fetch` over a runtime that may be opened only when it is first needed. */
export function fetchOver(
  open: () => Runtime | Promise<Runtime>,
  platform: Platform,
  terms: FetchTerms,
): SparekeyFetch {
  const { provider } = terms
  return makeFetch(
    {
      relay: { answer: async (call) => (await open()).answer(call) },
      platform,
      bodyBytes: BODY_BYTES,
      resolveChain: async (model, wire, named) => {
        const runtime = await open()
        return provider === undefined || named !== undefined
          ? runtime.resolveChain(model, wire, named)
          : runtime.chainFrom(provider, model)
      },
      listModels: async () => {
        const runtime = await open()
        return runtime.listModels(await runtime.holders())
      },
    },
    terms,
  )
}
