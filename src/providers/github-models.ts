import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { gitHubModelsRules } from './github-models.rules.ts'

/** GitHub Models with a token that has `models:read`. Source: docs.github.com, 2026-06. */
export const provider = defineProvider({
  id: 'github-models',
  label: 'GitHub Models',
  aliases: ['github'],
  wires: ['chat-completions'],
  baseUrl: 'https://models.github.ai/inference',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['GITHUB_MODELS_TOKEN'],
  authHeaders: ({ token }) => bearer(token),
  rules: gitHubModelsRules,
  readQuota: rateWindows,
})
