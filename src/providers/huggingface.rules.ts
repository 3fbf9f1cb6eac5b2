import type { Rule } from '../failure/rule.ts'

/** Hugging Face router and endpoints. Source: router errors, 2026-08. */
export const huggingFaceRules: readonly Rule[] = [
  {
    text: /exceeded your monthly included credits|pre-paid credits|reached the free monthly usage limit/,
    is: 'billing',
    seen: 'huggingface/402-credits',
  },
  { text: /is currently loading/, is: 'overloaded', modelScoped: true, seen: 'huggingface/503-loading' },
  {
    text: /invalid (?:credentials in authorization header|username or password)/,
    is: 'auth_revoked',
    seen: 'huggingface/401-credentials',
  },
  {
    text: /sufficient permissions to call inference providers|gated repo/,
    is: 'entitlement',
    seen: 'huggingface/403-permissions',
  },
  {
    text: /is not supported by any provider you have enabled|requested model '[^']*' does not exist/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'huggingface/400-not-supported',
  },
  { type: 'overloaded', is: 'overloaded', seen: 'huggingface/422-overloaded' },
]
