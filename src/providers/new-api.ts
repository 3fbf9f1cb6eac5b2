import { bearerOrApiKey, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { newApiRules } from './new-api.rules.ts'

/** A new-api or one-api relay with one of its tokens. Source: its source, 2026-08. */
export const provider = defineProvider({
  id: 'new-api',
  label: 'new-api or one-api relay',
  aliases: ['one-api', 'newapi', 'oneapi', 'sub2api', 'done-hub', 'veloera'],
  wires: ['chat-completions', 'responses', 'messages'],
  baseUrl: 'http://127.0.0.1:3000/v1',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['NEW_API_KEY'],
  authHeaders: bearerOrApiKey,
  rules: newApiRules,
  readQuota: rateWindows,
})
