import type { HeaderRecord } from '../failure/evidence.ts'
import { parseDurationMs } from '../failure/durations.ts'
import type { WireName } from '../wire/wire.ts'
import { defineProvider, type HeaderPairs, type ProviderSecret, type QuotaWindow } from './provider.ts'

/** Any endpoint that speaks one of the three wires: vLLM, llama.cpp, LM Studio, a company's relay. The configuration gives its base URL. */
export const provider = defineProvider({
  id: 'openai-compatible',
  label: 'Any compatible endpoint',
  wires: ['chat-completions', 'responses', 'messages'],
  baseUrl: '',
  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: [],
  authHeaders: bearerOrApiKey,
  rules: [],
  readQuota: rateWindows,
})

export function bearer(token: string): HeaderPairs {
  return [['authorization', `Bearer ${token}`]]
}

/** Servers of the Messages wire look at one of the two headers; the other is ignored. */
export function bearerOrApiKey({ token }: ProviderSecret, wire: WireName): HeaderPairs {
  return wire === 'messages' ? [...bearer(token), ['x-api-key', token]] : bearer(token)
}

/** `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` as OpenAI and most compatible servers send them. */
export function rateWindows(headers: HeaderRecord, nowMs: number): readonly QuotaWindow[] {
  const windows: QuotaWindow[] = []
  for (const name of ['requests', 'tokens']) {
    const limit = amount(headers[`x-ratelimit-limit-${name}`])
    const remaining = amount(headers[`x-ratelimit-remaining-${name}`])
    if (limit === undefined || remaining === undefined || limit <= 0 || remaining > limit) continue
    const resetMs = parseDurationMs(headers[`x-ratelimit-reset-${name}`] ?? '')
    windows.push({
      name,
      usedPercent: ((limit - remaining) / limit) * 100,
      ...(resetMs === undefined ? {} : { resetAt: nowMs + resetMs }),
    })
  }
  return windows
}

function amount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}(?:\.\d+)?$/.test(text.trim()) ? Number(text) : undefined
}
