import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { zaiUsageProbe } from './quota/zai-usage.ts'
import { zaiRules } from './zai.rules.ts'

/** z.ai with keys of a coding plan: another address answers them with "insufficient balance". Source: docs.z.ai, 2026-08. */
export const provider = defineProvider({
  id: 'zai-coding',
  label: 'z.ai GLM Coding Plan',
  aliases: ['zai-coding-plan', 'glm-coding-plan'],
  wires: ['chat-completions'],
  baseUrl: 'https://api.z.ai/api/coding/paas/v4',

  auth: ['api-key'],
  billing: 'subscription',
  environmentVariables: ['ZAI_CODING_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: zaiRules,
  readQuota: rateWindows,
  usageProbe: zaiUsageProbe,
})
