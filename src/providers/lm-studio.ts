import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { lmStudioRules } from './lm-studio.rules.ts'

/** LM Studio on this machine. Source: lmstudio.ai docs, 2026-08. */
export const provider = defineProvider({
  id: 'lm-studio',
  label: 'LM Studio',
  aliases: ['lmstudio'],
  wires: ['chat-completions', 'responses', 'messages'],
  baseUrl: 'http://127.0.0.1:1234/v1',

  auth: ['api-key'],
  billing: 'free',
  environmentVariables: ['LMSTUDIO_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: lmStudioRules,
  readQuota: rateWindows,
})
