import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { vllmRules } from './vllm.rules.ts'

/** vLLM or SGLang on this machine. Source: vLLM docs, 2026-08. */
export const provider = defineProvider({
  id: 'vllm',
  label: 'vLLM',
  aliases: ['sglang', 'aphrodite'],
  wires: ['chat-completions', 'responses'],
  baseUrl: 'http://127.0.0.1:8000/v1',

  auth: ['api-key'],
  billing: 'free',
  environmentVariables: ['VLLM_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: vllmRules,
  readQuota: rateWindows,
})
