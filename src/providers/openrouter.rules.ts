import type { Rule } from '../failure/rule.ts'

/** OpenRouter: `error_type` and `limit_source` are the stable fields. Source: OpenRouter docs and captures, 2026-08 to 2026-11. */
export const openRouterRules: readonly Rule[] = [
  // Whose limit it is stands in `limit_source`; a shared pool is not the key's fault (I.18).
  {
    type: ['openrouter_shared_capacity', 'upstream_provider_shared_pool'],
    is: 'overloaded',
    seen: 'openrouter/429-shared-capacity',
  },
  { type: 'openrouter_free_tier_daily', is: 'quota_exhausted', seen: 'openrouter/429-free-tier-daily' },
  { type: 'openrouter_in_flight_budget', is: 'rate_limit', seen: 'openrouter/402-in-flight-budget' },
  {
    type: ['openrouter_guardrail_budget', 'workspace_budget', 'key_limit', 'openrouter_key_limit'],
    is: 'quota_exhausted',
    seen: 'openrouter/403-key-limit',
  },
  { text: /free-models-per-day|limit_rpd/, is: 'quota_exhausted', seen: 'openrouter/429-free-models-per-day' },
  { text: /free-models-per-min|limit_rpm/, is: 'rate_limit', seen: 'openrouter/429-free-models-per-min' },

  {
    code: ['provider_overloaded', 'capacity_exhausted', 'temporarily_unavailable'],
    is: 'overloaded',
    seen: 'openrouter/503-provider-overloaded',
  },
  {
    code: ['provider_unavailable', 'server', 'unmapped'],
    is: 'server_error',
    seen: 'openrouter/502-provider-unavailable',
  },
  { code: 'timeout', is: 'timeout', seen: 'openrouter/504-timeout' },
  { code: 'authentication', is: 'auth_revoked', seen: 'openrouter/401-authentication' },
  {
    code: ['permission_denied', 'privacy_restricted', 'region_restricted'],
    is: 'entitlement',
    seen: 'openrouter/403-permission-denied',
  },
  {
    code: [
      'invalid_request',
      'not_found',
      'precondition_failed',
      'unprocessable',
      'wrong_endpoint',
      'constraint_filtered',
      'unsupported_image_format',
      'image_not_found',
      'image_download_failed',
      'image_too_small',
    ],
    is: 'invalid_request',
    seen: 'openrouter/422-unprocessable',
  },
  {
    code: ['model_unavailable_upstream', 'free_variant_ended'],
    is: 'model_not_found',
    modelScoped: true,
    seen: 'openrouter/404-free-variant-ended',
  },

  {
    text: /no endpoints found that support/,
    is: 'invalid_request',
    modelScoped: true,
    seen: 'openrouter/404-no-endpoints-support',
  },
  {
    text: /no endpoints found matching your data policy|no allowed providers/,
    is: 'entitlement',
    modelScoped: true,
    seen: 'openrouter/404-data-policy',
  },
  { text: /no endpoints found for/, is: 'model_not_found', modelScoped: true, seen: 'openrouter/404-no-endpoints' },
  { text: /^user not found|no auth credentials found/, is: 'auth_revoked', seen: 'openrouter/401-user-not-found' },
  {
    text: /key limit exceeded \((?:hourly|daily|weekly|monthly) limit\)/,
    is: 'quota_exhausted',
    seen: 'openrouter/403-key-limit-of-a-period',
  },
  { text: /key limit exceeded/, is: 'billing', seen: 'openrouter/403-key-limit-in-all' },
  {
    text: /requires moderation on openrouter|your input was flagged/,
    is: 'content_policy',
    seen: 'openrouter/403-moderation',
  },
  { text: /requires more credits|insufficient credits/, is: 'billing', seen: 'openrouter/402-insufficient-credits' },
  {
    code: ['400', '404'],
    text: /^provider returned error$/,
    is: 'unknown',
    seen: 'openrouter/404-provider-returned-error',
  },
  // The upstream's error could not be passed on: nothing about the caller's key is known.
  { text: /^provider returned error$/, is: 'server_error', seen: 'openrouter/502-provider-returned-error' },
]
