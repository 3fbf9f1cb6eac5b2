import type { Rule } from '../failure/rule.ts'

/** Ollama, local and cloud. Source: ollama server source and captures, 2026-10. */
export const ollamaRules: readonly Rule[] = [
  {
    text: /reached your (?:weekly|hourly|daily|monthly) usage limit/,
    is: 'quota_exhausted',
    seen: 'ollama/429-weekly',
  },
  {
    text: /not found, try pulling it first|model '[^']*' not found/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'ollama/404-try-pulling',
  },
  { text: /maximum pending requests exceeded/, is: 'overloaded', seen: 'ollama/503-pending-requests' },
  {
    text: /prompt too long; exceeded max context length|exceeds the available context size/,
    is: 'context_overflow',
    seen: 'ollama/400-prompt-too-long',
  },
  {
    text: /an error was encountered while running the model|llama runner process|model runner has unexpectedly stopped|unable to load model/,
    is: 'server_error',
    seen: 'ollama/200-running-the-model',
  },
  { text: /requires more system memory/, is: 'server_error', modelScoped: true, seen: 'ollama/500-more-memory' },
  { text: /does not support (?:tools|thinking|chat|generate)/, is: 'invalid_request', seen: 'ollama/400-no-tools' },
  { code: 'unauthorized', is: 'auth_revoked', seen: 'ollama/401-unauthorized' },
]
