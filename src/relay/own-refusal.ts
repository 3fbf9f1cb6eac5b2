import type { Failure } from '../failure/evidence.ts'
import { blameOf, type FailureLabel } from '../failure/labels.ts'
import type { HeaderList } from '../platform/network.ts'
import type { GivenUp, WireName } from '../wire/wire.ts'
import { WIRES } from '../wire/wires.ts'

/** Machine codes of what a surface refuses itself (`x-sparekey-error`). Their statuses stand in `wire/openai-error.ts`. */
export type OwnErrorCode =
  | 'invalid_json'
  | 'invalid_body'
  | 'invalid_header'
  | 'model_missing'
  | 'model_unknown'
  | 'chain_unknown'
  | 'fallback_refused'
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

/** Something that the caller did wrong, or that a surface cannot serve; no provider was asked. */
export interface OwnRefusal {
  readonly code: OwnErrorCode
  readonly message: string
}

const LABELS: Partial<Record<OwnErrorCode, FailureLabel>> = {
  model_unknown: 'model_not_found',
  fallback_refused: 'entitlement',
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

/** A surface's own error in the caller's protocol, marked with `x-sparekey-error`: nobody should look for it at a provider. */
export function renderOwnError(
  wire: WireName,
  surface: 'gateway' | 'fetch',
  refusal: OwnRefusal,
  nowMs: number,
): { readonly status: number; readonly headers: HeaderList; readonly body: string } {
  const rendered = WIRES[wire].renderError(ownGivenUp(wire, surface, refusal, nowMs))
  return { ...rendered, headers: [...rendered.headers, ['x-sparekey-error', refusal.code]] }
}

/** The same as every other failure that is told: one shape for all of them. */
export function ownGivenUp(
  wire: WireName,
  surface: 'gateway' | 'fetch',
  { code, message }: OwnRefusal,
  nowMs: number,
): GivenUp {
  const label = LABELS[code] ?? 'invalid_request'
  const failure: Failure = {
    label,
    blame: blameOf(label),
    message,
    modelScoped: false,
    rule: `${surface}/${code}`,
    confidence: 'exact',
    evidence: { channel: 'http', provider: 'sparekey', api: wire, headers: {}, seenAtMs: nowMs },
  }
  return { failure, nowMs, attempts: [], code }
}
