import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { cohereRules } from './cohere.rules.ts'

/** Cohere by its compatible address, with API keys. Source: docs.cohere.com, 2026-08. */
export const provider = defineProvider({
  id: 'cohere',
  label: 'Cohere',

  wires: ['chat-completions'],
  baseUrl: 'https://api.cohere.ai/compatibility/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['COHERE_API_KEY', 'CO_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: cohereRules,
  readQuota: rateWindows,
})
