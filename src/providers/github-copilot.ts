import { bearer } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { copilotWindows } from './quota/copilot-headers.ts'
import { gitHubCopilotRules } from './github-copilot.rules.ts'

/** GitHub Copilot with a Copilot API token. Source: VS Code client source, 2026-08. */
export const provider = defineProvider({
  id: 'github-copilot',
  label: 'GitHub Copilot',
  aliases: ['copilot'],
  wires: ['chat-completions', 'responses', 'messages'],
  baseUrl: 'https://api.githubcopilot.com',
  paths: { messages: '/v1/messages' },
  auth: ['api-key'],
  billing: 'subscription',
  environmentVariables: ['COPILOT_API_TOKEN'],
  authHeaders: ({ token }) => bearer(token),
  rules: gitHubCopilotRules,
  readQuota: copilotWindows,
  quotaHeaders: ['x-quota-snapshot-*', 'x-usage-ratelimit-*'],
})
