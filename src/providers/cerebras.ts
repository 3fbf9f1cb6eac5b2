import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { cerebrasRules } from './cerebras.rules.ts'

/** Cerebras with API keys. Source: inference-docs.cerebras.ai, 2026-08. */
export const provider = defineProvider({
  id: 'cerebras',
  label: 'Cerebras',

  wires: ['chat-completions'],
  baseUrl: 'https://api.cerebras.ai/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['CEREBRAS_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: cerebrasRules,
  readQuota: rateWindows,
})
