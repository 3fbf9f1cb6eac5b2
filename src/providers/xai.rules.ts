import type { Rule } from '../failure/rule.ts'

/** xAI: `{ code, error }` with the sentence in `error`. Source: docs.x.ai and captures, 2026-11. */
export const xaiRules: readonly Rule[] = [
  // The code is the one of a missing permission: the sentence comes first.
  {
    text: /content violates usage guidelines|failed check: safety_check/,
    is: 'content_policy',
    seen: 'xai/403-safety',
  },
  {
    text: /used all available credits|monthly spending limit|have any credits or licenses|run out of credits/,
    is: 'billing',
    seen: 'xai/403-credits-or-limit',
  },
  { code: 'personal-team-blocked:spending-limit', is: 'billing', seen: 'xai/403-spending-limit' },
  { code: 'subscription:free-usage-exhausted', is: 'quota_exhausted', seen: 'xai/429-free-usage' },
  { code: 'resource-exhausted', is: 'rate_limit', modelScoped: true, seen: 'xai/429-resource-exhausted' },
  {
    text: /incorrect api key provided|api key is (?:disabled|blocked|deleted)/,
    is: 'auth_revoked',
    seen: 'xai/400-incorrect-api-key',
  },
  // The OAuth token of a subscription: it can be refreshed.
  { code: /^unauthenticated/, is: 'auth_expired', seen: 'xai/403-bad-credentials' },
  {
    code: ['permission-denied', 'the caller does not have permission to execute the specified operation'],
    is: 'entitlement',
    seen: 'xai/403-permission-denied',
  },
  { text: /model \S+ does not exist or your team/, is: 'model_not_found', modelScoped: true, seen: 'xai/404-model' },
]
