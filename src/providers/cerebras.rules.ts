import type { Rule } from '../failure/rule.ts'

/** Cerebras: flat bodies; one code for the minute and the day. Source: inference-docs.cerebras.ai and captures, 2026-11. */
export const cerebrasRules: readonly Rule[] = [
  {
    code: ['token_quota_exceeded', 'request_quota_exceeded'],
    text: /per day/,
    is: 'quota_exhausted',
    modelScoped: true,
    seen: 'cerebras/429-tokens-per-day',
  },
  {
    code: ['token_quota_exceeded', 'request_quota_exceeded'],
    is: 'rate_limit',
    modelScoped: true,
    seen: 'cerebras/429-tokens-per-minute',
  },
  { code: 'queue_exceeded', is: 'overloaded', seen: 'cerebras/429-queue' },
  { code: 'wrong_api_key', is: 'auth_revoked', seen: 'cerebras/401-wrong-key' },
  { text: /current length is \d+ while limit is \d+/, is: 'context_overflow', seen: 'cerebras/400-current-length' },
]
