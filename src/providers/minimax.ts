import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { miniMaxUsageProbe } from './quota/minimax-usage.ts'
import { miniMaxRules } from './minimax.rules.ts'

/** MiniMax with API keys; mainland keys: set `baseUrl: https://api.minimaxi.com/v1`. Source: platform.minimax.io, 2026-08. */
export const provider = defineProvider({
  id: 'minimax',
  label: 'MiniMax',
  aliases: ['minimaxi', 'minimax-cn'],
  wires: ['chat-completions'],
  baseUrl: 'https://api.minimax.io/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['MINIMAX_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: miniMaxRules,
  readQuota: rateWindows,
  usageProbe: miniMaxUsageProbe,
})
