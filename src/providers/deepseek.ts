import { bearerOrApiKey, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { deepSeekUsageProbe } from './quota/balance-usage.ts'
import { deepSeekRules } from './deepseek.rules.ts'

/** DeepSeek with API keys. Source: api-docs.deepseek.com, 2026-08. */
export const provider = defineProvider({
  id: 'deepseek',
  label: 'DeepSeek',

  wires: ['chat-completions', 'messages'],
  baseUrl: 'https://api.deepseek.com',
  paths: { messages: '/anthropic/v1/messages' },
  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['DEEPSEEK_API_KEY'],
  authHeaders: bearerOrApiKey,
  rules: deepSeekRules,
  readQuota: rateWindows,
  usageProbe: deepSeekUsageProbe,
})
