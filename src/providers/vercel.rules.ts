import type { Rule } from '../failure/rule.ts'

/** Vercel AI Gateway. Source: vercel.com docs and the gateway provider of the AI SDK, 2026-08. */
export const vercelRules: readonly Rule[] = [
  {
    type: ['insufficient_funds', 'customer_verification_required'],
    is: 'billing',
    seen: 'vercel/402-insufficient-funds',
  },
  { type: 'authentication_error', is: 'auth_revoked', seen: 'vercel/401-authentication' },
  { type: 'rate_limit_exceeded', is: 'rate_limit', seen: 'vercel/429-rate-limit' },
  { type: 'model_not_found', is: 'model_not_found', modelScoped: true, seen: 'vercel/404-model' },
  { type: ['internal_server_error', 'response_error'], is: 'server_error', seen: 'vercel/500-internal' },
]
