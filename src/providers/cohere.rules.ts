import type { Rule } from '../failure/rule.ts'

/** Cohere: `{ message }` and nothing else. Source: docs.cohere.com errors, 2026-08. */
export const cohereRules: readonly Rule[] = [
  {
    text: /trial key, which is limited to \d+ api calls \/ month/,
    is: 'quota_exhausted',
    resets: 'month-utc',
    seen: 'cohere/429-trial-month',
  },
  { text: /trial key, which is limited to \d+ api calls \/ minute/, is: 'rate_limit', seen: 'cohere/429-trial-minute' },
  {
    text: /please add or update your payment method|reached your billing limit/,
    is: 'billing',
    seen: 'cohere/402-billing',
  },
  { text: /invalid api token|no api key supplied/, is: 'auth_revoked', seen: 'cohere/401-invalid-token' },
  { text: /too many tokens: /, is: 'context_overflow', seen: 'cohere/400-too-many-tokens' },
  {
    text: /model '[^']*' not found|was removed on/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'cohere/404-model',
  },
  { text: /blocked (?:input|output): /, is: 'content_policy', seen: 'cohere/498-blocked' },
]
