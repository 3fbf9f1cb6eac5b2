import type { Rule } from '../failure/rule.ts'

/** NVIDIA NIM. Source: captures of 2026-01 to 2026-10. */
export const nvidiaRules: readonly Rule[] = [
  // The worker is full, not the key (I.17).
  { text: /worker local total request limit/, is: 'overloaded', seen: 'nvidia/429-worker-limit' },
  { status: 404, text: /^404 page not found$/, is: 'model_not_found', modelScoped: true, seen: 'nvidia/404-page' },
  {
    text: /function '[^']*': not found for account|function id '[^']*'/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'nvidia/404-function',
  },
  { status: 403, text: /authorization failed/, is: 'entitlement', seen: 'nvidia/403-authorization' },
  { text: /cloud credits expired|credits? (?:expired|exhausted)/, is: 'billing', seen: 'nvidia/402-credits' },
  { text: /degraded function cannot be invoked/, is: 'server_error', modelScoped: true, seen: 'nvidia/400-degraded' },
]
