import type { FailureLabel } from '../failure/labels.ts'
import type { SimulatedError } from './scenario.ts'

/** A fact in the words of both families. */
export interface Fact {
  readonly name: string
  readonly label: FailureLabel
  /** The usual HTTP status; Anthropic's where it differs. */
  readonly status: number
  readonly anthropicStatus?: number
  readonly openAi: SimulatedError
  readonly anthropic: SimulatedError
}

/** One fact for each label that has words. */
export const FACTS: readonly Fact[] = [
  {
    name: 'token-expired',
    label: 'auth_expired',
    status: 401,
    openAi: { code: 'token_expired', message: 'Provided authentication token is expired.' },
    anthropic: { type: 'authentication_error', message: 'OAuth token has expired.' },
  },
  {
    name: 'key-revoked',
    label: 'auth_revoked',
    status: 401,
    openAi: { code: 'token_invalidated', message: 'Your authentication token has been invalidated.' },
    anthropic: { type: 'authentication_error', message: 'invalid x-api-key' },
  },
  {
    name: 'throttle',
    label: 'rate_limit',
    status: 429,
    openAi: { code: 'rate_limit_exceeded', type: 'requests', message: 'Rate limit reached. Please try again in 20s.' },
    anthropic: { type: 'rate_limit_error', message: 'Number of requests has exceeded your per-minute rate limit.' },
  },
  {
    name: 'quota',
    label: 'quota_exhausted',
    status: 429,
    openAi: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 },
    anthropic: { type: 'rate_limit_error', message: 'You have reached your weekly usage limit.' },
  },
  {
    name: 'billing',
    label: 'billing',
    status: 402,
    openAi: {
      code: 'insufficient_quota',
      type: 'insufficient_quota',
      message: 'You exceeded your current quota, please check your plan and billing details.',
    },
    anthropic: { type: 'billing_error', message: 'Your credit balance is too low to access the Anthropic API.' },
  },
  {
    name: 'entitlement',
    label: 'entitlement',
    status: 403,
    openAi: { code: 'unsupported_country_region_territory', message: 'Country, region, or territory not supported' },
    anthropic: {
      type: 'permission_error',
      message: 'Your API key does not have permission to use the specified resource.',
    },
  },
  {
    name: 'overloaded',
    label: 'overloaded',
    status: 503,
    anthropicStatus: 529,
    openAi: {
      code: 'server_is_overloaded',
      type: 'service_unavailable_error',
      message: 'Our servers are currently overloaded.',
    },
    anthropic: { type: 'overloaded_error', message: 'Overloaded' },
  },
  {
    name: 'server-error',
    label: 'server_error',
    status: 500,
    openAi: {
      code: 'server_error',
      type: 'server_error',
      message: 'The server had an error while processing your request.',
    },
    anthropic: { type: 'api_error', message: 'Internal server error' },
  },
  {
    name: 'model-not-found',
    label: 'model_not_found',
    status: 404,
    openAi: {
      code: 'model_not_found',
      type: 'invalid_request_error',
      message: 'The model does not exist or you do not have access to it',
    },
    anthropic: { type: 'not_found_error', message: 'model: claude-nope' },
  },
  {
    name: 'context-overflow',
    label: 'context_overflow',
    status: 400,
    openAi: { code: 'context_length_exceeded', message: 'Your input exceeds the context window of this model.' },
    anthropic: { type: 'invalid_request_error', message: 'prompt is too long: 345320 tokens > 199999 maximum' },
  },
  {
    name: 'payload-too-large',
    label: 'payload_too_large',
    status: 413,
    openAi: { code: 'payload_too_large', message: 'Request body too large' },
    anthropic: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
  },
  {
    name: 'invalid-request',
    label: 'invalid_request',
    status: 400,
    openAi: {
      code: 'unsupported_parameter',
      type: 'invalid_request_error',
      message: "Unsupported parameter: 'frobnicate'",
    },
    anthropic: { type: 'invalid_request_error', message: 'messages.3.content: Field required' },
  },
  {
    name: 'content-policy',
    label: 'content_policy',
    status: 400,
    openAi: { code: 'content_policy_violation', message: 'Your request was flagged.' },
    anthropic: {
      type: 'invalid_request_error',
      message: 'Output blocked: it was flagged for possible policy violations.',
    },
  },
]
