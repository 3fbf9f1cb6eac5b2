import { bearer } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { rateWindowsWith } from './quota/rate-limit-headers.ts'
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
  // Requests are counted by the day and tokens by the minute, under the names that others use for the minute.
  readQuota: rateWindowsWith({ requests: 1440, tokens: 1 }),
})
