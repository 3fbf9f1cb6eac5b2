import type { ServerResponse } from 'node:http'
import type { FailureLabel } from '../failure/labels.ts'
import { type OwnRefusal, ownGivenUp, renderOwnError } from '../relay/render-own-error.ts'
import type { WireName } from '../wire/wire.ts'
import { WIRES } from '../wire/wires.ts'

/** Machine codes of the gateway's own errors (`x-sparekey-error`). Their statuses stand in `wire/openai-error.ts`. */
export type OwnErrorCode =
  | 'invalid_json'
  | 'invalid_body'
  | 'invalid_header'
  | 'model_missing'
  | 'model_unknown'
  | 'unknown_route'
  | 'method_not_allowed'
  | 'body_too_large'
  | 'unsupported_encoding'
  | 'websocket_unsupported'
  | 'client_key_required'
  | 'client_key_wrong'
  | 'forbidden_host'
  | 'request_timeout'
  | 'shutting_down'
  | 'overloaded'
  | 'internal_error'

/** Something that the caller did wrong, or that we cannot serve; told in the caller's protocol. */
export interface OwnError {
  readonly code: OwnErrorCode
  readonly message: string
  readonly headers?: ReadonlyArray<readonly [string, string]>
}

const LABELS: Partial<Record<OwnErrorCode, FailureLabel>> = {
  model_unknown: 'model_not_found',
  unknown_route: 'model_not_found',
  body_too_large: 'payload_too_large',
  client_key_required: 'auth_revoked',
  client_key_wrong: 'auth_revoked',
  forbidden_host: 'entitlement',
  request_timeout: 'timeout',
  shutting_down: 'overloaded',
  overloaded: 'overloaded',
  internal_error: 'server_error',
}

/** Writes an own error, unless headers are out already: then the connection is cut, because a half answer must not look whole. */
export function writeOwnError(response: ServerResponse, wire: WireName, error: OwnError, nowMs: number): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const rendered = renderOwnError(wire, refusalOf(error), nowMs)
  const body = Buffer.from(rendered.body)
  for (const [name, value] of [...rendered.headers, ...(error.headers ?? [])]) response.setHeader(name, value)
  response.setHeader('content-length', body.length)
  response.statusCode = rendered.status
  response.end(body)
}

/** An own error as the end of a stream that has begun. */
export function ownStreamError(wire: WireName, error: OwnError, nowMs: number): Uint8Array {
  return Buffer.from(WIRES[wire].renderStreamError(ownGivenUp(wire, refusalOf(error), nowMs)))
}

function refusalOf({ code, message }: OwnError): OwnRefusal {
  return { code, message, label: LABELS[code] ?? 'invalid_request', rule: `gateway/${code}` }
}
