import type { Rule } from '../failure/rule.ts'

/** Together: limits of an organisation and model move with its traffic. Source: docs.together.ai, 2026-08. */
export const togetherRules: readonly Rule[] = [
  {
    code: ['dynamic_request_limited', 'dynamic_token_limited'],
    is: 'rate_limit',
    modelScoped: true,
    seen: 'together/429-dynamic-requests',
  },
  {
    type: ['dynamic_request_limited', 'dynamic_token_limited'],
    is: 'rate_limit',
    modelScoped: true,
    seen: 'together/429-dynamic-tokens',
  },
  { type: 'model_overloaded', is: 'overloaded', modelScoped: true, seen: 'together/429-platform' },
  {
    text: /reached (?:the |its )?maximum allowed (?:monthly )?spend|credit limit exceeded/,
    is: 'billing',
    seen: 'together/402-spend-cap',
  },
  { text: /inputs` tokens \+ `max_new_tokens` must be/, is: 'context_overflow', seen: 'together/422-too-many-tokens' },
]
