import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { moonshotUsageProbe } from './quota/balance-usage.ts'
import { moonshotRules } from './moonshot.rules.ts'

/** Moonshot with API keys; mainland keys: set `baseUrl: https://api.moonshot.cn/v1`. Source: platform.kimi.ai, 2026-08. */
export const provider = defineProvider({
  id: 'moonshot',
  label: 'Moonshot (Kimi open platform)',
  aliases: ['kimi', 'moonshotai', 'moonshot-ai'],
  wires: ['chat-completions'],
  baseUrl: 'https://api.moonshot.ai/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['MOONSHOT_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: moonshotRules,
  readQuota: rateWindows,
  usageProbe: moonshotUsageProbe,
})
