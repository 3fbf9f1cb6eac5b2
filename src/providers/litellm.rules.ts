import type { Rule } from '../failure/rule.ts'

/** LiteLLM proxy. Its own budgets and cooldowns; what it wraps is read below its sentence. Source: BerriAI/litellm issues and source, 2026-11. */
export const liteLlmRules: readonly Rule[] = [
  { type: 'budget_exceeded', is: 'billing', seen: 'litellm/401-key-over-budget' },
  // A deployment budget is counted over a period (`>= 1d`): it comes back.
  {
    text: /exceeded budget for (?:deployment|provider)|crossed budget/,
    is: 'quota_exhausted',
    ignoreTimes: true,
    seen: 'litellm/429-deployment-budget',
  },
  { text: /budget has been exceeded|exceeded budget/, is: 'billing', seen: 'litellm/400-budget' },
  {
    text: /no deployments available for selected model|no healthy deployments?/,
    is: 'overloaded',
    modelScoped: true,
    seen: 'litellm/429-no-deployments',
  },
  {
    text: /max parallel request limit reached|crossed (?:tpm|rpm)|limit type: (?:requests|tokens|max_parallel_requests)|rate limit (?:handler|type)/,
    is: 'rate_limit',
    seen: 'litellm/429-parallel-requests',
  },
  {
    type: [
      'key_model_access_denied',
      'team_model_access_denied',
      'user_model_access_denied',
      'org_model_access_denied',
    ],
    is: 'entitlement',
    modelScoped: true,
    seen: 'litellm/401-key-model',
  },
  {
    text: /not allowed to (?:access|call) (?:this )?model|invalid model for team/,
    is: 'entitlement',
    modelScoped: true,
    seen: 'litellm/401-team-model',
  },
  { type: ['token_not_found_in_db', 'expired_key'], is: 'auth_revoked', seen: 'litellm/401-virtual-key' },
  {
    text: /invalid proxy server token|expired key|virtual key expected/,
    is: 'auth_revoked',
    seen: 'litellm/401-virtual-key-text',
  },
  {
    text: /invalid model name passed/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'litellm/400-invalid-model-name',
  },
  { text: /contextwindowexceedederror/, is: 'context_overflow', seen: 'litellm/400-context-window' },
  { text: /contentpolicyviolationerror/, is: 'content_policy', seen: 'litellm/400-content-policy' },
  { text: /litellm\.timeout/, is: 'timeout', seen: 'litellm/408-timeout' },
]
