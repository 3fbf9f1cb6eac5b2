import { toIsoText } from '../platform/clock.ts'
import type { ProviderStyle, SimulatedError, SimulatedQuota, Step } from './scenario.ts'

/** How much of a window is used at a moment. */
export interface QuotaState {
  readonly quota: SimulatedQuota
  readonly used: number
  readonly resetAtMs: number
}

type Headers = Readonly<Record<string, string>>

/** A moment of a window in all the ways providers write it. */
interface Reading {
  readonly limit: number
  readonly remaining: number
  readonly usedPercent: number
  readonly windowMinutes: number
  readonly resetAtMs: number
  readonly resetSeconds: number
  readonly beside: SimulatedQuota['beside']
  readonly nowMs: number
  /** The last good answer of a window is not a refusal yet. */
  readonly refused: boolean
}

function read({ quota, used, resetAtMs }: QuotaState, nowMs: number, refused: boolean): Reading {
  return {
    limit: quota.calls,
    remaining: Math.max(0, quota.calls - used),
    usedPercent: quota.calls === 0 ? 100 : Math.min(100, Math.round((used / quota.calls) * 100)),
    windowMinutes: quota.windowMinutes,
    resetAtMs,
    resetSeconds: Math.max(1, Math.ceil((resetAtMs - nowMs) / 1000)),
    beside: quota.beside,
    nowMs,
    refused,
  }
}

/** One provider's habits around a limit. */
interface QuotaHabits {
  /** On good answers and refusals alike. */
  headers(reading: Reading): Headers
  error(reading: Reading): SimulatedError
  /** Only on a refusal. */
  refusalHeaders(reading: Reading): Headers
  readonly errorHasEnvelope?: true
}

const retryAfter = ({ resetSeconds }: Reading): Headers => ({ 'retry-after': String(resetSeconds) })

const HABITS: Readonly<Record<ProviderStyle, QuotaHabits>> = {
  // Source: captures of the Codex backend, 2026; the 429 has no retry-after.
  'openai-codex': {
    headers: (reading) => ({
      ...codexWindow('primary', reading.usedPercent, reading.windowMinutes, reading.resetAtMs, reading.resetSeconds),
      ...(reading.beside === undefined
        ? {}
        : codexWindow(
            'secondary',
            reading.beside.usedPercent,
            reading.beside.windowMinutes,
            reading.nowMs + reading.beside.resetsInSeconds * 1000,
            reading.beside.resetsInSeconds,
          )),
      'x-codex-plan-type': 'plus',
      'x-codex-active-limit': 'premium',
      'x-codex-credits-has-credits': 'False',
      'x-codex-credits-unlimited': 'False',
    }),
    error: ({ resetAtMs, resetSeconds }) => ({
      type: 'usage_limit_reached',
      message: 'The usage limit has been reached',
      plan_type: 'plus',
      resets_at: Math.ceil(resetAtMs / 1000),
      eligible_promo: null,
      resets_in_seconds: resetSeconds,
    }),
    refusalHeaders: () => ({ 'x-codex-rate-limit-reached-type': 'rate_limit_reached' }),
  },
  openai: {
    headers: ({ limit, remaining, resetSeconds }) => ({
      'x-ratelimit-limit-requests': String(limit),
      'x-ratelimit-remaining-requests': String(remaining),
      'x-ratelimit-reset-requests': goDuration(resetSeconds),
    }),
    error: ({ limit, resetSeconds, windowMinutes }) => ({
      type: 'requests',
      code: 'rate_limit_exceeded',
      param: null,
      message: `Rate limit reached for requests per ${windowMinutes >= 1440 ? 'day (RPD)' : 'min (RPM)'}: Limit ${limit}, Used ${limit}, Requested 1. Please try again in ${goDuration(resetSeconds)}.`,
    }),
    refusalHeaders: retryAfter,
  },
  anthropic: {
    headers: ({ limit, remaining, resetAtMs }) => ({
      'anthropic-ratelimit-requests-limit': String(limit),
      'anthropic-ratelimit-requests-remaining': String(remaining),
      'anthropic-ratelimit-requests-reset': toIsoText(resetAtMs),
    }),
    error: () => ({
      type: 'rate_limit_error',
      message: 'Number of requests has exceeded your rate limit. Please try again later.',
    }),
    refusalHeaders: retryAfter,
    errorHasEnvelope: true,
  },
  // Source: captures of subscription accounts, 2026; a reset is epoch seconds here, a use is 0..1.
  'anthropic-subscription': {
    headers: (reading) => unified(reading),
    error: () => ({
      type: 'rate_limit_error',
      message: "This request would exceed your account's rate limit. Please try again later.",
    }),
    refusalHeaders: (reading) => ({ ...retryAfter(reading), 'x-should-retry': 'true' }),
    errorHasEnvelope: true,
  },
  openrouter: {
    headers: () => ({}),
    // The reset is epoch milliseconds as text, inside the body.
    error: ({ limit, resetAtMs }) => ({
      code: 429,
      message: 'Rate limit exceeded: free-models-per-day-high-balance. ',
      metadata: {
        headers: {
          'X-RateLimit-Limit': String(limit),
          'X-RateLimit-Remaining': '0',
          'X-RateLimit-Reset': String(resetAtMs),
        },
        limit_source: 'openrouter_free_tier_daily',
        remedy_hint: 'Wait for the daily reset',
      },
    }),
    refusalHeaders: () => ({}),
  },
}

function codexWindow(
  which: 'primary' | 'secondary',
  usedPercent: number,
  windowMinutes: number,
  resetAtMs: number,
  resetSeconds: number,
): Headers {
  return {
    [`x-codex-${which}-used-percent`]: String(usedPercent),
    [`x-codex-${which}-window-minutes`]: String(windowMinutes),
    [`x-codex-${which}-reset-at`]: String(Math.ceil(resetAtMs / 1000)),
    [`x-codex-${which}-reset-after-seconds`]: String(resetSeconds),
  }
}

/** A window is five hours long, or a week: there are headers for these two only. */
function unified({ usedPercent, windowMinutes, resetAtMs, refused, beside, nowMs }: Reading): Headers {
  const [window, claim] = claimOf(windowMinutes)
  const prefix = 'anthropic-ratelimit-unified'
  const other = beside === undefined ? undefined : claimOf(beside.windowMinutes)[0]
  return {
    [`${prefix}-status`]: refused ? 'rejected' : 'allowed',
    [`${prefix}-reset`]: String(Math.ceil(resetAtMs / 1000)),
    [`${prefix}-representative-claim`]: claim,
    [`${prefix}-${window}-status`]: refused ? 'rejected' : 'allowed',
    [`${prefix}-${window}-reset`]: String(Math.ceil(resetAtMs / 1000)),
    [`${prefix}-${window}-utilization`]: String(usedPercent / 100),
    ...(beside === undefined
      ? {}
      : {
          [`${prefix}-${other}-status`]: 'allowed',
          [`${prefix}-${other}-reset`]: String(Math.ceil(nowMs / 1000) + beside.resetsInSeconds),
          [`${prefix}-${other}-utilization`]: String(beside.usedPercent / 100),
        }),
  }
}

function claimOf(windowMinutes: number): readonly [window: '5h' | '7d', claim: string] {
  return windowMinutes > 1440 ? ['7d', 'seven_day'] : ['5h', 'five_hour']
}

/** `8103` -> `2h15m3s` */
function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const rest = seconds % 60
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${rest}s`
}

/** The headers with which the imitated provider announces its windows, on good answers and refusals alike. */
export function quotaHeaders(style: ProviderStyle, state: QuotaState, nowMs: number): Headers {
  return HABITS[style].headers(read(state, nowMs, false))
}

/** The refusal of a used-up window. */
export function quotaStep(style: ProviderStyle, state: QuotaState, nowMs: number): Step {
  const reading = read({ ...state, used: state.quota.calls }, nowMs, true)
  const habits = HABITS[style]
  const error = habits.error(reading)
  if (state.quota.refusal === 'soft') return { kind: 'failed', error, headers: habits.headers(reading) }
  const headers = { ...habits.headers(reading), ...habits.refusalHeaders(reading) }
  const body = habits.errorHasEnvelope ? { type: 'error', error, request_id: 'req_simulated' } : { error }
  return { kind: 'error', status: 429, body, headers }
}
