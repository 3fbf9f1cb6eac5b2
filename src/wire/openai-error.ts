import type { FailureLabel } from '../failure/labels.ts'
import { errorMessage, retryWords, returnsAt, sparekeyDetails } from './error-words.ts'
import type { GivenUp, RenderedError } from './wire.ts'

interface OpenAiSkin {
  readonly status: number
  readonly type: string
  readonly code: string
}

/** Status, type and code by label, as OpenAI clients understand them (both the Responses and the Chat protocol). */
export const OPENAI_SKIN: Record<FailureLabel, OpenAiSkin> = {
  auth_expired: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' },
  auth_revoked: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' },
  rate_limit: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  quota_exhausted: { status: 429, type: 'usage_limit_reached', code: 'usage_limit_reached' },
  billing: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
  entitlement: { status: 403, type: 'permission_error', code: 'permission_denied' },
  overloaded: { status: 503, type: 'service_unavailable_error', code: 'server_is_overloaded' },
  server_error: { status: 502, type: 'server_error', code: 'server_error' },
  model_not_found: { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
  invalid_response: { status: 502, type: 'server_error', code: 'invalid_response' },
  timeout: { status: 504, type: 'server_error', code: 'timeout' },
  connection: { status: 502, type: 'server_error', code: 'connection_error' },
  context_overflow: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
  payload_too_large: { status: 413, type: 'invalid_request_error', code: 'payload_too_large' },
  invalid_request: { status: 400, type: 'invalid_request_error', code: 'invalid_request' },
  content_policy: { status: 400, type: 'invalid_request_error', code: 'content_policy_violation' },
  cancelled: { status: 499, type: 'invalid_request_error', code: 'cancelled' },
  unknown: { status: 502, type: 'server_error', code: 'server_error' },
}

/** Statuses of the gateway's own errors, which have no upstream behind them. */
export const OWN_STATUS: Readonly<Record<string, number>> = {
  no_credential: 503,
  internal_error: 500,
  invalid_json: 400,
  invalid_body: 400,
  invalid_header: 400,
  model_missing: 400,
  model_unknown: 404,
  chain_unknown: 400,
  fallback_refused: 403,
  unknown_route: 404,
  method_not_allowed: 405,
  body_too_large: 413,
  unsupported_encoding: 415,
  websocket_unsupported: 426,
  client_key_required: 401,
  client_key_wrong: 401,
  forbidden_host: 403,
  request_timeout: 408,
  shutting_down: 503,
  overloaded: 503,
}

/** The error object of the OpenAI skin. Quota answers carry the reset in the two forms that the Codex CLI reads. */
export function openAiError(given: GivenUp): Record<string, unknown> {
  const skin = OPENAI_SKIN[given.failure.label]
  const at = returnsAt(given)
  const resets =
    given.failure.label === 'quota_exhausted' && at !== undefined
      ? { resets_at: Math.ceil(at / 1000), resets_in_seconds: Math.max(0, Math.ceil((at - given.nowMs) / 1000)) }
      : {}
  return {
    message: errorMessage(given),
    type: given.code === undefined ? skin.type : ownType(given.code, skin.type),
    param: null,
    code: given.code ?? requestCode(given) ?? skin.code,
    ...resets,
    sparekey: sparekeyDetails(given),
  }
}

/** A fault of the gateway is not called the request's: agents stop and "correct" a request that was right. */
function ownType(code: string, labelType: string): string {
  const status = OWN_STATUS[code]
  if (status === undefined) return labelType
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** A fault of the request keeps the provider's own code: clients react to `previous_response_not_found` and the like. */
function requestCode(given: GivenUp): string | undefined {
  const { blame, label, code } = given.failure
  return blame === 'request' && label !== 'context_overflow' && code !== undefined && /^[a-z_]+$/.test(code)
    ? code
    : undefined
}

export function renderOpenAiError(given: GivenUp): RenderedError {
  const own = given.code === undefined ? undefined : OWN_STATUS[given.code]
  return {
    status: own ?? OPENAI_SKIN[given.failure.label].status,
    headers: retryWords(given).headers,
    body: JSON.stringify({ error: openAiError(given) }),
  }
}
