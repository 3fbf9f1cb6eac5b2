import { bearerOrApiKey, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { xaiRules } from './xai.rules.ts'

/** xAI with API keys. Source: docs.x.ai, 2026-08. */
export const provider = defineProvider({
  id: 'xai',
  label: 'xAI (Grok)',
  aliases: ['grok', 'x-ai'],
  wires: ['responses', 'chat-completions', 'messages'],
  baseUrl: 'https://api.x.ai/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['XAI_API_KEY'],
  authHeaders: bearerOrApiKey,
  rules: xaiRules,
  readQuota: rateWindows,
})
