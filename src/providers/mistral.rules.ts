import type { Rule } from '../failure/rule.ts'

/** Mistral: flat errors, numeric codes as text. Source: captures of 2025-08 to 2026-10. */
export const mistralRules: readonly Rule[] = [
  // Their machines are full, although the status says 429.
  { code: ['3505', '3810'], is: 'overloaded', modelScoped: true, seen: 'mistral/429-tier-capacity' },
  {
    type: ['service_tier_capacity_exceeded', 'engine_max_pending_tokens'],
    is: 'overloaded',
    modelScoped: true,
    seen: 'mistral/429-tier-capacity-type',
  },
  { code: '1300', is: 'rate_limit', seen: 'mistral/429-rate-limited' },
  { type: 'rate_limited', is: 'rate_limit', seen: 'mistral/429-rate-limited-type' },
  { status: 401, text: /^unauthorized$|no api key found/, is: 'auth_revoked', seen: 'mistral/401-unauthorized' },
  {
    text: /prompt contains \d+ tokens|too large for model with \d+ maximum context length/,
    is: 'context_overflow',
    seen: 'mistral/400-prompt-tokens',
  },
  { code: '1500', is: 'model_not_found', modelScoped: true, seen: 'mistral/400-invalid-model' },
]
