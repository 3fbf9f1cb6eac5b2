import { bearerOrApiKey, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { kimiCodeUsageProbe } from './quota/kimi-code-usage.ts'
import { moonshotRules } from './moonshot.rules.ts'

/** Kimi Code with keys of a membership, for coding agents. Source: kimi.com/code, 2026-08. */
export const provider = defineProvider({
  id: 'kimi-code',
  label: 'Kimi Code plan',
  aliases: ['kimi-for-coding', 'kimi-coding'],
  wires: ['chat-completions', 'messages'],
  baseUrl: 'https://api.kimi.com/coding/v1',

  auth: ['api-key'],
  billing: 'subscription',
  environmentVariables: ['KIMI_API_KEY'],
  authHeaders: bearerOrApiKey,
  rules: moonshotRules,
  readQuota: rateWindows,
  usageProbe: kimiCodeUsageProbe,
})
