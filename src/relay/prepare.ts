import type { HeaderList, NetworkRequest } from '../platform/network.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import { replaceModel } from '../wire/replace-model.ts'
import { WIRES } from '../wire/wires.ts'
import type { Call, Route } from './call.ts'
import { forwardableRequestHeaders, headerRecord } from './headers.ts'

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
  const renamed = route.model === call.body['model'] ? call.body : { ...call.body, model: route.model }
  const adapted = route.definition.adapt?.({
    wire: call.wire,
    model: route.model,
    stream: call.stream,
    headers: incoming,
    body: renamed,
  })
  const body = adapted?.body ?? renamed
  const bytes = bytesOf(call, route, body, renamed)
  const accountId = secret.accountId ?? credential.accountId
  const own = route.definition.authHeaders(
    { token: secret.token, ...(accountId === undefined ? {} : { accountId }) },
    call.wire,
    headerRecord(call.headers),
  )
  const path = route.definition.paths?.[call.wire] ?? WIRES[call.wire].path
  const baseUrl = (credential.baseUrl ?? route.baseUrl).replace(/\/+$/, '')
  return {
    request: {
      method: 'POST',
      url: baseUrl + path + call.query,
      headers: overlay(incoming, adapted?.headers ?? [], route.headers, own),
      body: bytes,
      proxy: route.proxy,
    },
    dropped: adapted?.dropped ?? [],
    gather: adapted?.gather ?? false,
  }
}

/** What a recursive writer cannot write (V8: some thousand levels) is the request's own doing. */
export class RequestTooDeepError extends Error {
  override readonly name = 'RequestTooDeepError'
}

function bytesOf(call: Call, route: Route, body: Readonly<Record<string, unknown>>, renamed: unknown): Uint8Array {
  if (body === call.body) return call.bytes
  if (body === renamed) return new TextEncoder().encode(replaceModel(new TextDecoder().decode(call.bytes), route.model))
  try {
    return new TextEncoder().encode(JSON.stringify(body))
  } catch (error) {
    if (error instanceof RangeError) throw new RequestTooDeepError('the request body is nested too deeply')
    throw error
  }
}

/** Later lists win by name; a name that a later list sets is removed from the earlier ones. */
function overlay(...lists: readonly HeaderList[]): HeaderList {
  let result: HeaderList = []
  for (const list of lists) {
    const names = new Set(list.map(([name]) => name.toLowerCase()))
    result = [...result.filter(([name]) => !names.has(name.toLowerCase())), ...list]
  }
  return result
}
