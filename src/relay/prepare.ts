import type { HeaderList, NetworkRequest } from '../platform/network.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import { replaceModel } from '../wire/replace-model.ts'
import { WIRES } from '../wire/wires.ts'
import type { Call, Route } from './call.ts'
import { forwardableRequestHeaders, headerRecord } from './headers.ts'
import { writtenBody } from './rewritten-call.ts'

/** A request ready for the network, and what had to be changed for this backend. */
export interface PreparedRequest {
  readonly request: NetworkRequest
  readonly dropped: readonly string[]
  /** The upstream streams although the caller wants one body. */
  readonly gather: boolean
}

/**
 * Builds the upstream request of one attempt. Body bytes pass untouched unless the route renames the model or the backend refuses something.
 * The key goes in per attempt: a client built once with a key keeps sending a stale one (70323).
 */
export function prepareRequest(call: Call, route: Route, credential: Credential, secret: Secret): PreparedRequest {
  const incoming = forwardableRequestHeaders(call.headers)
  const { adapt } = route.definition
  const given = adapt === undefined ? undefined : renamed(call, route)
  const adapted =
    given === undefined
      ? undefined
      : adapt?.({ wire: call.wire, model: route.model, stream: call.stream, headers: incoming, body: given })
  const bytes = bytesOf(call, route, adapted?.body === given ? undefined : adapted?.body)
  const accountId = secret.accountId ?? credential.accountId
  const own = route.definition.authHeaders(
    { token: secret.token, ...(accountId === undefined ? {} : { accountId }) },
    call.wire,
    headerRecord(call.headers),
  )
  const ownPath = route.definition.paths?.[call.wire] ?? WIRES[call.wire].path
  const path = call.operation === undefined ? ownPath : `${ownPath}/${call.operation}`
  const baseUrl = (credential.baseUrl ?? route.baseUrl).replace(/\/+$/, '')
  return {
    request: {
      method: 'POST',
      url: baseUrl + path + call.query,
      headers: overlay(incoming, adapted?.headers ?? [], route.headers, own),
      body: bytes,
      proxy: route.proxy,
      http2: route.http2,
    },
    dropped: adapted?.dropped ?? [],
    gather: adapted?.gather ?? false,
  }
}

/** The body is taken apart only where somebody changes it: parsing costs more than all the rest of a large call. */
function renamed(call: Call, route: Route): Readonly<Record<string, unknown>> {
  return route.model === call.model ? call.body : { ...call.body, model: route.model }
}

function bytesOf(call: Call, route: Route, adapted: Readonly<Record<string, unknown>> | undefined): Uint8Array {
  if (adapted !== undefined) return writtenBody(adapted)
  if (route.model === call.model) return call.bytes
  return Buffer.from(replaceModel(new TextDecoder().decode(call.bytes), route.model))
}

/** Later lists win by name; a name that a later list sets is removed from the earlier ones. */
function overlay(...lists: readonly HeaderList[]): HeaderList {
  const kept: HeaderList[] = []
  const taken = new Set<string>()
  for (const list of lists.toReversed()) {
    if (list.length === 0) continue
    kept.push(taken.size === 0 ? list : list.filter(([name]) => !taken.has(name.toLowerCase())))
    for (const [name] of list) taken.add(name.toLowerCase())
  }
  return kept.toReversed().flat()
}
