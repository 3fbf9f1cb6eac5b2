import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { togetherRules } from './together.rules.ts'

/** Together with API keys. Source: docs.together.ai, 2026-08. */
export const provider = defineProvider({
  id: 'together',
  label: 'Together AI',
  aliases: ['together-ai', 'togetherai'],
  wires: ['chat-completions'],
  baseUrl: 'https://api.together.xyz/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['TOGETHER_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: togetherRules,
  readQuota: rateWindows,
  quotaHeaders: ['x-ratelimit-*', 'x-tokenlimit-*'],
})
