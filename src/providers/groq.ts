import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { groqRules } from './groq.rules.ts'

/** Groq with API keys. Source: console.groq.com docs, 2026-08. */
export const provider = defineProvider({
  id: 'groq',
  label: 'Groq',

  wires: ['chat-completions', 'responses'],
  baseUrl: 'https://api.groq.com/openai/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['GROQ_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: groqRules,
  readQuota: rateWindows,
})
