import type { FailureLabel } from '../failure/labels.ts'

/** What the drop-in `fetch` refuses itself, and what that is called; the codes are the gateway's. */
export const FETCH_REFUSALS = {
  unknown_route: 'model_not_found',
  method_not_allowed: 'invalid_request',
  unsupported_encoding: 'invalid_request',
  body_too_large: 'payload_too_large',
  invalid_json: 'invalid_request',
  invalid_body: 'invalid_request',
  model_missing: 'invalid_request',
  model_unknown: 'model_not_found',
} as const satisfies Record<string, FailureLabel>

export type FetchRefusal = keyof typeof FETCH_REFUSALS
