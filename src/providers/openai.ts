import { openAiRules } from './openai.rules.ts'
import { defineProvider, type HeaderPairs } from './provider.ts'
import { bearer, rateWindows } from './openai-compatible.ts'

/** OpenAI API with API keys. Source: OpenAI API reference, 2026-11. */
export const provider = defineProvider({
  id: 'openai',
  label: 'OpenAI API',
  aliases: ['openai-api'],
  wires: ['responses', 'chat-completions'],
  baseUrl: 'https://api.openai.com/v1',
  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['OPENAI_API_KEY'],
  authHeaders: ({ token }): HeaderPairs => bearer(token),
  rules: openAiRules,
  readQuota: rateWindows,
})
