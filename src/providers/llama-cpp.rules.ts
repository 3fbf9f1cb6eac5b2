import type { Rule } from '../failure/rule.ts'

/** llama.cpp server. Source: ggml-org/llama.cpp tools/server, 2026-10. */
export const llamaCppRules: readonly Rule[] = [
  { type: 'exceed_context_size_error', is: 'context_overflow', seen: 'llama-cpp/400-context-size' },
  {
    text: /context size has been exceeded|exceeds the available context size/,
    is: 'context_overflow',
    seen: 'llama-cpp/500-context-size',
  },
  { type: 'unavailable_error', is: 'overloaded', seen: 'llama-cpp/503-loading' },
  { type: 'authentication_error', is: 'auth_revoked', seen: 'llama-cpp/401-invalid-key' },
  { type: 'not_supported_error', is: 'invalid_request', seen: 'llama-cpp/501-not-supported' },
  {
    type: 'not_found_error',
    text: /model|file not found/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'llama-cpp/404-not-found',
  },
]
