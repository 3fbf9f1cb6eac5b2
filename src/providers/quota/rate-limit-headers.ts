import type { HeaderRecord } from '../../failure/evidence.ts'
import type { QuotaWindow } from '../provider.ts'
import { usageWindow } from './usage-window.ts'

/** Headers of one throttle. */
interface RateHeaders {
  readonly name: string
  readonly limit: string
  readonly remaining: string
  readonly reset: readonly string[]
  /** 1: per minute, 1440: per day. */
  readonly windowMinutes?: number
}

function counted(name: string, windowMinutes?: number): RateHeaders {
  return {
    name,
    limit: `x-ratelimit-limit-${name}`,
    remaining: `x-ratelimit-remaining-${name}`,
    // Azure writes the reset with one more dash.
    reset: [`x-ratelimit-reset-${name}`, `x-rate-limit-reset-${name}`],
    ...(windowMinutes === undefined ? {} : { windowMinutes }),
  }
}

/** Where a name states the length it is known; of plain `requests` and `tokens` only the provider's documentation tells it. */
const NAMED: readonly RateHeaders[] = [
  // Cerebras and Mistral. Source: inference-docs.cerebras.ai/support/rate-limits and captures, 2026-11.
  counted('requests-day', 1440),
  counted('tokens-day', 1440),
  counted('requests-hour', 60),
  counted('tokens-hour', 60),
  counted('requests-minute', 1),
  counted('req-minute', 1),
  counted('tokens-minute', 1),
]

/** One nameless throttle: OpenRouter (epoch ms), Together (seconds), the IETF draft's names. */
const NAMELESS: readonly RateHeaders[] = ['x-ratelimit', 'ratelimit'].map((prefix) => ({
  name: 'requests',
  limit: `${prefix}-limit`,
  remaining: `${prefix}-remaining`,
  reset: [`${prefix}-reset`],
}))

/** Together's limits move with the load. Source: docs.together.ai/docs/rate-limits, 2026-11. */
const DYNAMIC: readonly RateHeaders[] = (['requests', 'tokens'] as const).map((name) => {
  const prefix = name === 'requests' ? 'x-ratelimit' : 'x-tokenlimit'
  return {
    name,
    limit: `${prefix}-limit-dynamic`,
    remaining: `${prefix}-remaining-dynamic`,
    reset: [`${prefix}-reset-dynamic`, `${prefix}-reset`, 'x-ratelimit-reset'],
  }
})

/** Lengths in minutes of the throttles that a provider calls just `requests` and `tokens`. */
interface KnownLengths {
  readonly requests?: number
  readonly tokens?: number
}

/**
 * A reader of the throttles in `x-ratelimit-{limit,remaining,reset}-*` as OpenAI and most compatible servers send them.
 * Resets may be Go durations, seconds from now, epoch seconds or ms, or RFC 3339.
 * @param lengths @default not known, and left out of the windows
 */
export function rateWindowsWith(
  lengths: KnownLengths = {},
): (headers: HeaderRecord, nowMs: number) => readonly QuotaWindow[] {
  const rows = [
    counted('requests', lengths.requests),
    counted('tokens', lengths.tokens),
    ...NAMED,
    ...DYNAMIC,
    ...NAMELESS,
  ]
  return (headers, nowMs) => {
    const windows: QuotaWindow[] = []
    for (const row of rows) {
      const window = read(row, headers, nowMs)
      // The first row of a name wins: relays send the nameless headers beside the named ones.
      if (window !== undefined && !windows.some(({ name }) => name === window.name)) windows.push(window)
    }
    return windows
  }
}

function read({ name, windowMinutes, ...row }: RateHeaders, headers: HeaderRecord, nowMs: number) {
  const remaining = headers[row.remaining]
  if (remaining === undefined) return undefined
  const reset = row.reset.find((header) => headers[header] !== undefined)
  return usageWindow(
    {
      name,
      windowMinutes,
      limit: headers[row.limit],
      remaining,
      reset: reset === undefined ? undefined : headers[reset],
    },
    nowMs,
  )
}
