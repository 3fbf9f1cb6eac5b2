import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { googleRules } from './google.rules.ts'

/** Google Gemini with API keys, by its OpenAI-compatible address. Source: ai.google.dev, 2026-08. */
export const provider = defineProvider({
  id: 'gemini',
  label: 'Google Gemini (AI Studio)',
  aliases: ['google', 'google-gemini', 'google-ai-studio', 'gemini-cli', 'antigravity', 'code-assist'],
  wires: ['chat-completions'],
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: googleRules,
  readQuota: rateWindows,
})
