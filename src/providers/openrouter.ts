import { bearer, rateWindows } from './openai-compatible.ts'
import { openRouterRules } from './openrouter.rules.ts'
import { defineProvider } from './provider.ts'
import { openRouterUsageProbe } from './quota/openrouter-usage.ts'

/** OpenRouter: many models behind one key, in all three wires. Source: OpenRouter docs, 2026-08. */
export const provider = defineProvider({
  id: 'openrouter',
  label: 'OpenRouter',
  aliases: ['open-router'],
  wires: ['chat-completions', 'responses', 'messages'],
  baseUrl: 'https://openrouter.ai/api/v1',
  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['OPENROUTER_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: openRouterRules,
  readQuota: rateWindows,
  usageProbe: openRouterUsageProbe,
})
