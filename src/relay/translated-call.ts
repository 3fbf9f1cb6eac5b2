import type { HeaderList } from '../platform/network.ts'
import { type TranslatedRequest, translateRequest } from '../wire/translate/translate-request.ts'
import type { WireName } from '../wire/wire.ts'
import type { Call, Route } from './call.ts'
import { writableBody } from './rewritten-call.ts'

/** A call in its provider's words, with the way back. */
export interface TranslatedCall {
  readonly call: Call
  readonly wire: WireName
  readonly told: Exclude<TranslatedRequest, { refused: unknown }>
}

export type Translation =
  | { readonly kind: 'native' }
  | { readonly kind: 'refused'; readonly parameter: string; readonly message: string; readonly code: string }
  | ({ readonly kind: 'translated' } & TranslatedCall)

const NATIVE: Translation = { kind: 'native' }
const TOO_DEEP: Translation = {
  kind: 'refused',
  parameter: 'input',
  message: 'in the protocol of the provider the request is nested too deeply',
  code: 'unsupported_parameter',
}
const KNOWN = new WeakMap<Call, Map<Route, Translation>>()
/** Headers of one vendor's client mean nothing to another vendor. */
const CARRIED_HEADERS = new Set(['user-agent', 'traceparent', 'tracestate'])
const JSON_BODY: HeaderList = [['content-type', 'application/json']]

/** What a route makes of a call: worked out once for each of them; a route that speaks the caller's wire costs one look. */
export function translationOf(call: Call, route: Route): Translation {
  if (route.wires.includes(call.wire)) return NATIVE
  let routes = KNOWN.get(call)
  if (routes === undefined) KNOWN.set(call, (routes = new Map<Route, Translation>()))
  let translation = routes.get(route)
  if (translation === undefined) routes.set(route, (translation = translate(call, route)))
  return translation
}

function translate(call: Call, route: Route): Translation {
  const [wire] = route.wires
  if (wire === undefined)
    return {
      kind: 'refused',
      parameter: 'model',
      message: `${route.provider} speaks no protocol`,
      code: 'unsupported_parameter',
    }
  const told = translateRequest(call.wire, wire, call.body, route.definition.toolCallIds)
  if ('refused' in told) return { kind: 'refused', ...told.refused }
  // Arguments of tools are text in one protocol and data in another: only there can they turn out too deep.
  const bytes = writableBody(told.body)
  if (bytes === undefined) return TOO_DEEP
  return {
    kind: 'translated',
    wire,
    told,
    call: {
      id: call.id,
      wire,
      model: call.model,
      stream: call.stream,
      headers: [...call.headers.filter(([name]) => CARRIED_HEADERS.has(name.toLowerCase())), ...JSON_BODY],
      bytes,
      body: told.body,
      signal: call.signal,
      query: '',
      chain: call.chain,
      client: call.client,
    },
  }
}
