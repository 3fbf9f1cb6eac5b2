import type { Rule } from '../failure/rule.ts'

/** GitHub Models: windows per user and model, told in the sentence. Source: captures of 2025-03 to 2026-06. */
export const gitHubModelsRules: readonly Rule[] = [
  {
    code: 'ratelimitreached',
    text: /bymodelbyday|byday|86400s/,
    is: 'quota_exhausted',
    modelScoped: true,
    seen: 'github-models/429-by-day',
  },
  { code: 'ratelimitreached', is: 'rate_limit', modelScoped: true, seen: 'github-models/429-by-minute' },
  { text: /^bad credentials/, is: 'auth_revoked', seen: 'github-models/401-bad-credentials' },
  {
    text: /models`? permission is required|does not have access to github models/,
    is: 'entitlement',
    seen: 'github-models/401-scope',
  },
  {
    code: ['unknown_model', 'unavailable_model'],
    is: 'model_not_found',
    modelScoped: true,
    seen: 'github-models/404-unknown-model',
  },
  { code: 'tokens_limit_reached', is: 'context_overflow', seen: 'github-models/413-tokens' },
]
