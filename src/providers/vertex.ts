import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { googleRules } from './google.rules.ts'

/** Google Vertex AI by its OpenAI-compatible address `https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/endpoints/openapi`, with an access token. Source: Vertex docs, 2026-08. */
export const provider = defineProvider({
  id: 'vertex',
  label: 'Google Vertex AI',
  aliases: ['vertex-ai', 'google-vertex'],
  wires: ['chat-completions'],
  baseUrl: '',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: [],
  authHeaders: ({ token }) => bearer(token),
  rules: googleRules,
  readQuota: rateWindows,
})
