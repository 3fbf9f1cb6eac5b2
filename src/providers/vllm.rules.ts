import type { Rule } from '../failure/rule.ts'

/** vLLM and SGLang. Source: vLLM error responses and captures, 2026-10. */
export const vllmRules: readonly Rule[] = [
  { param: 'input_tokens', is: 'context_overflow', seen: 'vllm/400-input-tokens' },
  {
    text: /context length is only \d+ tokens|maximum (?:model|context) length|longer than the maximum model length|requested token count exceeds/,
    is: 'context_overflow',
    seen: 'vllm/400-context-length',
  },
  { type: 'notfounderror', is: 'model_not_found', modelScoped: true, seen: 'vllm/404-model' },
  { type: 'enginedeaderror', is: 'server_error', seen: 'vllm/500-engine-dead' },
  { status: 401, text: /^unauthorized$/, is: 'auth_revoked', seen: 'vllm/401-unauthorized' },
]
