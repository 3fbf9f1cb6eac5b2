import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { llamaCppRules } from './llama-cpp.rules.ts'

/** llama.cpp server on this machine. Source: its README, 2026-08. */
export const provider = defineProvider({
  id: 'llama-cpp',
  label: 'llama.cpp server',
  aliases: ['llama.cpp', 'llamacpp', 'llama-server'],
  wires: ['chat-completions', 'responses', 'messages'],
  baseUrl: 'http://127.0.0.1:8080/v1',

  auth: ['api-key'],
  billing: 'free',
  environmentVariables: ['LLAMA_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: llamaCppRules,
  readQuota: rateWindows,
})
