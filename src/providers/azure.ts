import { rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { azureRules } from './azure.rules.ts'

/** Azure OpenAI and Foundry: `https://{resource}.openai.azure.com/openai/v1`, with a resource key. Source: learn.microsoft.com, 2026-08. */
export const provider = defineProvider({
  id: 'azure',
  label: 'Azure OpenAI',
  aliases: ['azure-openai', 'azure-foundry', 'azure-ai'],
  wires: ['responses', 'chat-completions'],
  baseUrl: '',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'],
  authHeaders: ({ token }) => [['api-key', token]],
  rules: azureRules,
  readQuota: rateWindows,
})
