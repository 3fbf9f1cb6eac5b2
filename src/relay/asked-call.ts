import type { HeaderList } from '../platform/network.ts'
import type { WireName } from '../wire/wire.ts'
import { WIRES } from '../wire/wires.ts'
import type { Call } from './call.ts'
import { allowedRoutes } from './fallback-policy.ts'
import { countingRoutes } from './counting-routes.ts'
import { headerValue } from './headers.ts'
import type { OwnRefusal } from './own-refusal.ts'
import { readRequest } from './read-request.ts'
import type { FallbackPolicy, ResolvedChain } from './resolved-chain.ts'

/** What a surface was asked, and by whom. */
export interface Asking {
  readonly wire: WireName
  readonly bytes: Uint8Array
  readonly operation?: Call['operation']
  readonly headers: HeaderList
  /** @param named the chain that the request names for itself instead of the model's */
  resolveChain(model: string, named: string | undefined): ResolvedChain | Promise<ResolvedChain>
  /** Of the client's key. @default any */
  readonly fallbackPolicy?: FallbackPolicy | undefined
}

/** What a request's body asks for. */
export interface AskedCall extends Pick<Call, 'model' | 'stream' | 'chain' | 'withheld'> {
  /** The whole body, for whoever wants to change it: parsed when it is first asked for. */
  body(): Call['body']
}

/** Names under `models` and routes, apart by commas: this request's chain. */
const CHAIN_HEADER = 'x-sparekey-chain'

/** Looks once at a body that was given to any surface. @returns why it is no call that somebody serves otherwise */
export async function askedCall(asking: Asking): Promise<AskedCall | { readonly error: OwnRefusal }> {
  const asked = readRequest(asking.bytes)
  if ('error' in asked) return asked
  const { model, stream } = WIRES[asking.wire].readRequest(asked.facts) ?? asked.facts
  if (model === undefined || model === '') {
    return {
      error: { code: 'model_missing', message: 'the request names no model: "model" must be a non-empty string' },
    }
  }
  const named = headerValue(asking.headers, CHAIN_HEADER)
  const resolved = await asking.resolveChain(model, named)
  if (resolved.kind === 'unknown')
    return { error: { code: named === undefined ? 'model_unknown' : 'chain_unknown', message: resolved.message } }
  const allowed = allowedRoutes(resolved, asking.headers, asking.fallbackPolicy)
  if ('error' in allowed) return allowed
  if (asking.operation === undefined) return { model, stream, ...allowed, body: asked.body }
  if (!Array.isArray(asked.body()['messages']))
    return {
      error: { code: 'invalid_body', message: '"messages" must be a list of turns, whose tokens are to be counted' },
    }
  return { model, stream: false, ...allowed, chain: countingRoutes(allowed.chain), body: asked.body }
}
