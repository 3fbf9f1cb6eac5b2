import type { Rule } from '../failure/rule.ts'

/** Groq. One code for the minute, the day and a request that never fits: the sentence tells. Source: groq-sdk and captures, 2026-11. */
export const groqRules: readonly Rule[] = [
  // What is larger than the whole limit can never pass; the "try again in" beside it is of no use.
  {
    text: /request too large for model|used 0, requested/,
    is: 'payload_too_large',
    modelScoped: true,
    ignoreTimes: true,
    seen: 'groq/413-larger-than-limit',
  },
  { code: 'rate_limit_exceeded', text: /per day/, is: 'quota_exhausted', modelScoped: true, seen: 'groq/429-per-day' },
  { code: 'rate_limit_exceeded', is: 'rate_limit', modelScoped: true, seen: 'groq/429-per-minute' },
  // The model wrote a tool call that does not parse: another try may be better.
  {
    code: ['tool_use_failed', 'json_validate_failed', 'output_parse_failed'],
    is: 'invalid_response',
    seen: 'groq/400-tool-use-failed',
  },
  {
    code: ['model_decommissioned', 'model_terms_required'],
    is: 'model_not_found',
    modelScoped: true,
    seen: 'groq/400-decommissioned',
  },
  { code: 'organization_restricted', is: 'auth_revoked', seen: 'groq/400-organization-restricted' },
  {
    code: ['model_permission_blocked_org', 'model_permission_blocked_project', 'permissions_error'],
    is: 'entitlement',
    modelScoped: true,
    seen: 'groq/403-model-blocked',
  },
  { status: 498, text: /capacity/, is: 'overloaded', modelScoped: true, seen: 'groq/498-flex-capacity' },
]
