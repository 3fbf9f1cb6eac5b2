import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { fireworksRules } from './fireworks.rules.ts'

/** Fireworks with API keys. Source: docs.fireworks.ai, 2026-08. */
export const provider = defineProvider({
  id: 'fireworks',
  label: 'Fireworks AI',
  aliases: ['fireworks-ai', 'fireworksai'],
  wires: ['chat-completions', 'responses'],
  baseUrl: 'https://api.fireworks.ai/inference/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['FIREWORKS_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: fireworksRules,
  readQuota: rateWindows,
})
