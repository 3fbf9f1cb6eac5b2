import { anthropicRules } from './anthropic.rules.ts'
import { defineProvider } from './provider.ts'
import { anthropicAccount, anthropicWindows } from './quota/anthropic-headers.ts'

const DEFAULT_VERSION = '2023-06-01'

/**
 * Anthropic API with API keys. Subscriptions are left out on purpose: Anthropic does not permit third parties to route requests through them.
 * Source: Anthropic API reference and SDK 1.12.0, 2026-11.
 */
export const provider = defineProvider({
  id: 'anthropic',
  label: 'Anthropic API',
  aliases: ['claude', 'claude-api', 'anthropic-proxy', 'claude-cli', 'claude-code'],
  wires: ['messages'],
  baseUrl: 'https://api.anthropic.com/v1',
  auth: ['api-key'],
  billing: 'metered',
  countsTokens: true,
  environmentVariables: ['ANTHROPIC_API_KEY'],
  // The caller's version stays: its events and error details differ between versions.
  authHeaders: ({ token }, _wire, incoming) => [
    ['x-api-key', token],
    ...(incoming['anthropic-version'] === undefined ? [['anthropic-version', DEFAULT_VERSION] as const] : []),
  ],
  rules: anthropicRules,
  readQuota: anthropicWindows,
  quotaHeaders: ['anthropic-ratelimit-*', 'anthropic-ratelimit-unified-*'],
  readAccount: anthropicAccount,
})
