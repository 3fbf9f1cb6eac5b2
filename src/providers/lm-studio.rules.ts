import type { Rule } from '../failure/rule.ts'

/** LM Studio. Source: bug tracker and captures, 2026-10. */
export const lmStudioRules: readonly Rule[] = [
  {
    text: /tokens to keep from the initial prompt|greater than the context length|context length of only|trying to keep the first \d+ tokens/,
    is: 'context_overflow',
    seen: 'lm-studio/400-n-keep',
  },
  {
    text: /no models loaded|model_not_found|failed to load model|model unloaded/,
    is: 'model_not_found',
    modelScoped: true,
    seen: 'lm-studio/404-no-models',
  },
  { text: /model has crashed|the channel has closed/, is: 'server_error', seen: 'lm-studio/200-model-crashed' },
  { type: 'invalid_request', is: 'invalid_request', seen: 'lm-studio/400-missing-parameter' },
]
