import type { Rule } from '../failure/rule.ts'

/** Fireworks: the error may be a bare string. Source: docs.fireworks.ai inference error codes, 2026-08. */
export const fireworksRules: readonly Rule[] = [
  // A 412 is a suspended account here, except for a LoRA that did not load.
  { status: 412, text: /lora/, is: 'server_error', seen: 'fireworks/412-lora' },
  { status: 412, text: /./, is: 'auth_revoked', seen: 'fireworks/412-suspended' },
  { status: 402, text: /./, is: 'billing', seen: 'fireworks/402-limit' },
  { text: /the api key you provided is invalid|^unauthorized$/, is: 'auth_revoked', seen: 'fireworks/403-auth' },
  {
    text: /model not found, inaccessible/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'fireworks/404-no-permission',
  },
]
