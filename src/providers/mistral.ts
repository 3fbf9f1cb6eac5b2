import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { mistralRules } from './mistral.rules.ts'

/** Mistral with API keys. Source: docs.mistral.ai, 2026-08. */
export const provider = defineProvider({
  id: 'mistral',
  label: 'Mistral',
  aliases: ['mistralai', 'codestral'],
  wires: ['chat-completions'],
  toolCallIds: 'nine',
  baseUrl: 'https://api.mistral.ai/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['MISTRAL_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: mistralRules,
  readQuota: rateWindows,
})
