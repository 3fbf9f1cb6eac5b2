import { parseMoment } from '../failure/durations.ts'
import type { HeaderRecord } from '../failure/evidence.ts'
import { anthropicRules } from './anthropic.rules.ts'
import { defineProvider, type QuotaWindow } from './provider.ts'

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
  environmentVariables: ['ANTHROPIC_API_KEY'],
  // The caller's version stays: its events and error details differ between versions.
  authHeaders: ({ token }, _wire, incoming) => [
    ['x-api-key', token],
    ...(incoming['anthropic-version'] === undefined ? [['anthropic-version', DEFAULT_VERSION] as const] : []),
  ],
  rules: anthropicRules,
  readQuota,
})

/** `anthropic-ratelimit-{requests,tokens,...}-{limit,remaining,reset}`; resets are RFC 3339. */
function readQuota(headers: HeaderRecord): readonly QuotaWindow[] {
  const windows: QuotaWindow[] = []
  for (const name of ['requests', 'tokens', 'input-tokens', 'output-tokens']) {
    const limit = amount(headers[`anthropic-ratelimit-${name}-limit`])
    const remaining = amount(headers[`anthropic-ratelimit-${name}-remaining`])
    if (limit === undefined || remaining === undefined || limit <= 0 || remaining > limit) continue
    const resetAt = parseMoment(headers[`anthropic-ratelimit-${name}-reset`] ?? '')
    windows.push({
      name,
      usedPercent: ((limit - remaining) / limit) * 100,
      ...(resetAt === undefined ? {} : { resetAt }),
    })
  }
  return windows
}

function amount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined
}
