import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { ollamaRules } from './ollama.rules.ts'

/** Ollama on this machine; Ollama Cloud: set `baseUrl: https://ollama.com/v1`. Source: ollama server source, 2026-08. */
export const provider = defineProvider({
  id: 'ollama',
  label: 'Ollama',
  aliases: ['ollama-cloud'],
  wires: ['chat-completions', 'responses', 'messages'],
  baseUrl: 'http://127.0.0.1:11434/v1',

  auth: ['api-key'],
  billing: 'free',
  environmentVariables: ['OLLAMA_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: ollamaRules,
  readQuota: rateWindows,
})
