import type { Rule } from '../failure/rule.ts'

/** Moonshot open platform and Kimi Code. A spent plan wears the clothes of a missing permission (403). Source: platform.kimi.ai, kimi.com/code and 314 captured bodies, 2026-11. */
export const moonshotRules: readonly Rule[] = [
  {
    text: /reached (?:your|kimi) [^.]{0,40}(?:usage limit|monthly usage limit)|usage limit for this (?:period|billing cycle)/,
    is: 'quota_exhausted',
    seen: 'moonshot/429-monthly-limit',
  },
  { text: /organization tpd rate limit|\btpd\b/, is: 'quota_exhausted', seen: 'moonshot/429-tokens-per-day' },
  { type: 'exceeded_current_quota_error', is: 'billing', seen: 'moonshot/429-exceeded-quota' },
  { text: /membership benefits|suspended due to insufficient balance/, is: 'billing', seen: 'moonshot/402-membership' },
  { text: /we're receiving too many requests/, is: 'overloaded', seen: 'moonshot/429-receiving-too-many' },
  { type: 'engine_overloaded_error', is: 'overloaded', seen: 'moonshot/429-engine-overloaded' },
  { type: 'rate_limit_reached_error', is: 'rate_limit', seen: 'moonshot/429-rate-limit-reached' },
  {
    type: ['invalid_authentication_error', 'incorrect_api_key_error'],
    is: 'auth_revoked',
    seen: 'moonshot/401-invalid-authentication',
  },
  // After the usage limits above, so that only a real end remains.
  { text: /^access terminated/, is: 'auth_revoked', seen: 'moonshot/403-access-terminated' },
  {
    text: /only available for coding agents|do not have access to model/,
    is: 'entitlement',
    seen: 'moonshot/403-coding-agents-only',
  },
  {
    type: ['permission_denied_error', 'permission_error', 'access_terminated_error'],
    is: 'entitlement',
    seen: 'moonshot/403-permission',
  },
  { type: 'resource_not_found_error', is: 'model_not_found', modelScoped: true, seen: 'moonshot/404-model' },
  {
    text: /exceeded model token limit|input token length too long/,
    is: 'context_overflow',
    seen: 'moonshot/400-token-limit',
  },
  { text: /total message size \d+ exceeds limit/, is: 'payload_too_large', seen: 'moonshot/400-message-size' },
  { type: 'content_filter', is: 'content_policy', seen: 'moonshot/400-content-filter' },
]
