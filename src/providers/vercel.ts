import { bearerOrApiKey, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { vercelRules } from './vercel.rules.ts'

/** Vercel AI Gateway with API keys. Source: vercel.com docs, 2026-08. */
export const provider = defineProvider({
  id: 'vercel',
  label: 'Vercel AI Gateway',
  aliases: ['vercel-ai-gateway', 'ai-gateway'],
  wires: ['chat-completions', 'responses', 'messages'],
  baseUrl: 'https://ai-gateway.vercel.sh/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['AI_GATEWAY_API_KEY'],
  authHeaders: bearerOrApiKey,
  rules: vercelRules,
  readQuota: rateWindows,
})
