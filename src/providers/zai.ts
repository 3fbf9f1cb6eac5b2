import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { zaiRules } from './zai.rules.ts'

/** z.ai with keys of the general platform; mainland keys: set `baseUrl: https://open.bigmodel.cn/api/paas/v4`. Source: docs.z.ai, 2026-08. */
export const provider = defineProvider({
  id: 'zai',
  label: 'z.ai (GLM)',
  aliases: ['zhipu', 'zhipuai', 'glm', 'bigmodel', 'z-ai'],
  wires: ['chat-completions'],
  baseUrl: 'https://api.z.ai/api/paas/v4',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['ZAI_API_KEY', 'ZHIPU_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: zaiRules,
  readQuota: rateWindows,
})
