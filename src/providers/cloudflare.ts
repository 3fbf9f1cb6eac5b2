import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { cloudflareRules } from './cloudflare.rules.ts'

/** Cloudflare AI Gateway: `https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/compat`. Source: developers.cloudflare.com, 2026-08. */
export const provider = defineProvider({
  id: 'cloudflare',
  label: 'Cloudflare AI Gateway',
  aliases: ['cloudflare-ai-gateway', 'workers-ai', 'cf'],
  wires: ['chat-completions'],
  baseUrl: '',

  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['CLOUDFLARE_API_TOKEN'],
  authHeaders: ({ token }) => bearer(token),
  rules: cloudflareRules,
  readQuota: rateWindows,
})
