import type { Rule } from '../failure/rule.ts'

/** Gemini API, Vertex AI and Code Assist, native and OpenAI-compatible: details first, then reasons, then sentences. Source: Google API error pages, gemini-cli, captures of 2025-11 to 2026-11. */
export const googleRules: readonly Rule[] = [
  // A quota of zero is no quota: waiting never helps.
  {
    status: 429,
    text: /limit: 0\b/,
    is: 'entitlement',
    modelScoped: true,
    ignoreTimes: true,
    seen: 'google/429-limit-zero',
  },
  // RetryInfo beside a per-day quota is still a few seconds: the named quota wins. Days end at midnight US Pacific time.
  {
    code: /perday/,
    is: 'quota_exhausted',
    modelScoped: true,
    ignoreTimes: true,
    resets: 'midnight-pacific',
    seen: 'google/429-quota-per-day',
  },
  { code: /perminute/, is: 'rate_limit', modelScoped: true, seen: 'google/429-quota-per-minute' },
  {
    text: /exhausted your capacity on this model/,
    is: 'quota_exhausted',
    modelScoped: true,
    byDuration: true,
    seen: 'google/429-capacity-on-model',
  },
  { code: 'quota_exhausted', is: 'quota_exhausted', modelScoped: true, seen: 'google/429-reason-quota-exhausted' },
  { code: 'model_capacity_exhausted', is: 'overloaded', modelScoped: true, seen: 'google/429-model-capacity' },
  { code: 'insufficient_g1_credits_balance', is: 'billing', seen: 'google/403-insufficient-credits' },
  {
    text: /prepayment credits are depleted|billing (?:account|is) [^.]{0,40}(?:disabled|not enabled|closed)/,
    is: 'billing',
    seen: 'google/402-prepayment',
  },
  // An invalid key is a 400 here.
  {
    code: ['api_key_invalid', 'api_key_expired', 'consumer_suspended', 'consumer_invalid'],
    is: 'auth_revoked',
    seen: 'google/400-api-key-invalid',
  },
  {
    text: /api key (?:was reported as leaked|not valid|expired|not found)|^invalid api key|consumer '[^']*' has been suspended/,
    is: 'auth_revoked',
    seen: 'google/403-key-leaked',
  },
  {
    code: [
      'service_disabled',
      'api_key_service_blocked',
      'api_key_http_referrer_blocked',
      'api_key_ip_address_blocked',
      'access_token_scope_insufficient',
      'validation_required',
      'subscription_required',
      'unsupported_client',
      'location_policy_violated',
      'iam_permission_denied',
    ],
    is: 'entitlement',
    seen: 'google/403-reason-service-disabled',
  },
  { text: /allow unregistered callers/, is: 'auth_revoked', seen: 'google/403-unregistered-caller' },
  {
    text: /user location is not supported|free tier is not available|lack a gemini code assist license|verify your account/,
    is: 'entitlement',
    seen: 'google/400-location',
  },
  // A person has to log in again; the 503 of the plugin hides it.
  {
    text: /reauthentication is needed|invalid_rapt|application-default login/,
    is: 'auth_revoked',
    seen: 'google/503-reauthentication',
  },
  {
    code: ['access_token_expired', 'access_token_type_unsupported', 'credentials_missing'],
    is: 'auth_expired',
    seen: 'google/401-access-token-expired',
  },
  {
    text: /input token count[^.]{0,40}exceeds|token count exceeds|exceeds the maximum number of tokens/,
    is: 'context_overflow',
    seen: 'google/400-token-count',
  },
  {
    text: /request payload size exceeds the limit|file[^.]{0,30}exceeds the size limit/,
    is: 'payload_too_large',
    seen: 'google/400-payload-size',
  },
  { type: /^blocked:/, is: 'content_policy', seen: 'google/200-block-reason' },
  {
    type: /^finish:(?:safety|recitation|language|blocklist|prohibited_content|spii|image_safety|image_prohibited_content|image_recitation)$/,
    is: 'content_policy',
    seen: 'google/200-finish-safety',
  },
  {
    type: /^finish:(?:malformed_function_call|malformed_response|unexpected_tool_call|too_many_tool_calls|no_image|image_other|other)$/,
    is: 'invalid_response',
    seen: 'google/200-malformed-function-call',
  },
  { type: 'not_found', is: 'model_not_found', modelScoped: true, seen: 'google/404-not-found' },
  // Shared capacity of Vertex: the project is not to blame.
  {
    text: /temporarily out of capacity|generative-ai\/docs\/error-code-429/,
    is: 'overloaded',
    seen: 'google/429-vertex-shared',
  },
  { type: 'unavailable', is: 'overloaded', modelScoped: true, seen: 'google/503-unavailable' },
  {
    status: 429,
    text: /quota exceeded for/,
    is: 'rate_limit',
    modelScoped: true,
    seen: 'google/429-quota-exceeded-for',
  },
  { type: 'resource_exhausted', is: 'rate_limit', seen: 'google/429-resource-exhausted' },
  { type: 'cancelled', status: 499, is: 'cancelled', seen: 'google/499-cancelled' },
  { type: 'deadline_exceeded', is: 'timeout', seen: 'google/504-deadline' },
  { type: ['internal', 'unknown', 'data_loss', 'aborted'], is: 'server_error', seen: 'google/500-internal' },
  { text: /content has no parts|no candidates/, is: 'invalid_response', seen: 'google/200-no-parts' },
]
