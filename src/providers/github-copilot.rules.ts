import type { Rule } from '../failure/rule.ts'

/** GitHub Copilot. Codes may carry the plan behind a colon. Source: VS Code client source and captures, 2026-11. */
export const gitHubCopilotRules: readonly Rule[] = [
  {
    code: ['quota_exceeded', 'free_quota_exceeded', 'session_quota_exceeded', 'overage_limit_reached'],
    is: 'quota_exhausted',
    seen: 'github-copilot/402-quota',
  },
  {
    text: /exceeded your premium request allowance|no (?:remaining )?premium requests/,
    is: 'quota_exhausted',
    seen: 'github-copilot/402-premium-allowance',
  },
  // Plain text.
  {
    text: /^(?:\d{3} )?quota exceeded\b|exceeded your copilot token usage/,
    is: 'quota_exhausted',
    seen: 'github-copilot/429-quota-text',
  },
  { code: 'billing_not_configured', is: 'billing', seen: 'github-copilot/402-billing' },
  { code: /^user_weekly_rate_limited/, is: 'quota_exhausted', seen: 'github-copilot/429-weekly' },
  {
    code: /^user_global_rate_limited/,
    text: /hour session limits?/,
    is: 'quota_exhausted',
    seen: 'github-copilot/429-session-limit',
  },
  { code: /^user_model_rate_limited/, is: 'rate_limit', modelScoped: true, seen: 'github-copilot/429-model' },
  {
    code: /^(?:rate_limited|user_global_rate_limited|integration_rate_limited|agent_mode_limit_exceeded)/,
    is: 'rate_limit',
    seen: 'github-copilot/429-rate-limited',
  },
  { code: /^model_overloaded/, is: 'overloaded', modelScoped: true, seen: 'github-copilot/429-model-overloaded' },
  {
    code: /^(?:extension_blocked|feature_flag_blocked)/,
    is: 'entitlement',
    seen: 'github-copilot/403-extension-blocked',
  },
  // The account lacks the model, or the model has another endpoint: other models still work.
  {
    code: 'model_not_supported',
    is: 'model_not_found',
    modelScoped: true,
    seen: 'github-copilot/400-model-not-supported',
  },
  { code: 'unsupported_api_for_model', is: 'invalid_request', seen: 'github-copilot/400-unsupported-api' },
  { text: /token expired|^unauthorized: /, is: 'auth_expired', seen: 'github-copilot/401-token-expired' },
  { status: 422, text: /filter|responsible ai/, is: 'content_policy', seen: 'github-copilot/422-filtered' },
  {
    status: 503,
    text: /upstream|rate limit/,
    is: 'overloaded',
    modelScoped: true,
    seen: 'github-copilot/503-upstream-limit',
  },
]
