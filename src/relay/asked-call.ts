import type { WireName } from '../wire/wire.ts'
import { WIRES } from '../wire/wires.ts'
import type { Call } from './call.ts'
import type { OwnRefusal } from './own-refusal.ts'
import { readRequest } from './read-request.ts'
import type { ResolvedChain } from './resolved-chain.ts'

/** What a request's body asks for. */
export interface AskedCall extends Pick<Call, 'model' | 'stream' | 'chain'> {
  /** The whole body, for whoever wants to change it: parsed when it is first asked for. */
  body(): Call['body']
}

/** Looks once at a body that was given to any surface. @returns why it is no call that somebody serves otherwise */
export async function askedCall(
  wire: WireName,
  bytes: Uint8Array,
  resolveChain: (model: string) => ResolvedChain | Promise<ResolvedChain>,
): Promise<AskedCall | { readonly error: OwnRefusal }> {
  const asked = readRequest(bytes)
  if ('error' in asked) return asked
  const { model, stream } = WIRES[wire].readRequest(asked.facts) ?? asked.facts
  if (model === undefined || model === '') {
    return {
      error: { code: 'model_missing', message: 'the request names no model: "model" must be a non-empty string' },
    }
  }
  const resolved = await resolveChain(model)
  if (resolved.kind === 'unknown') return { error: { code: 'model_unknown', message: resolved.message } }
  return { model, stream, chain: resolved.chain, body: asked.body }
}
