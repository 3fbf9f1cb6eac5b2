import { bearerOrApiKey, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { liteLlmRules } from './litellm.rules.ts'

/** A LiteLLM proxy with a virtual key. Source: docs.litellm.ai, 2026-08. */
export const provider = defineProvider({
  id: 'litellm',
  label: 'LiteLLM proxy',
  aliases: ['lite-llm', 'bifrost', 'portkey'],
  wires: ['chat-completions', 'responses', 'messages'],
  baseUrl: 'http://127.0.0.1:4000/v1',

  auth: ['api-key'],
  billing: 'metered',
  countsTokens: true,
  environmentVariables: ['LITELLM_API_KEY'],
  authHeaders: bearerOrApiKey,
  rules: liteLlmRules,
  readQuota: rateWindows,
})
