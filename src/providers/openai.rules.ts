import type { Rule } from '../failure/rule.ts'

/** OpenAI API with keys. Source: OpenAI error-code guide and captures, 2026-11. */
export const openAiRules: readonly Rule[] = [
  {
    text: /organization must be verified/,
    is: 'entitlement',
    modelScoped: true,
    seen: 'openai/400-organization-unverified',
  },
  {
    text: /exceeded your current quota, please check your plan and billing/,
    is: 'billing',
    seen: 'openai/text-current-quota',
  },
  {
    code: 'rate_limit_exceeded',
    text: /requests per day|tokens per day|\((?:rpd|tpd)\)/,
    is: 'quota_exhausted',
    modelScoped: true,
    seen: 'openai/429-requests-per-day',
  },
  {
    code: 'rate_limit_exceeded',
    text: /rate limit reached for \S+ in organization/,
    is: 'rate_limit',
    modelScoped: true,
    seen: 'openai/429-tokens-per-minute',
  },
  {
    text: /items are not persisted when `store` is set to false/,
    is: 'invalid_request',
    seen: 'openai/404-item-not-persisted',
  },
  { text: /missing scopes/, is: 'entitlement', seen: 'openai/403-missing-scopes' },
]
