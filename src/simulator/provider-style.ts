import { toIsoText } from '../platform/clock.ts'
import type { WireName } from '../wire/wire.ts'
import type { ProviderStyle, SimulatedError, SimulatedQuota, Step } from './scenario.ts'

/** How much of a window is used at a moment. */
export interface QuotaState {
  readonly quota: SimulatedQuota
  readonly used: number
  readonly resetAtMs: number
}

/** The headers with which the imitated provider announces its windows, on good answers and refusals alike. */
export function quotaHeaders(
  style: ProviderStyle,
  { quota, used, resetAtMs }: QuotaState,
  nowMs: number,
): Readonly<Record<string, string>> {
  const remaining = Math.max(0, quota.calls - used)
  const resetSeconds = Math.max(0, Math.ceil((resetAtMs - nowMs) / 1000))
  switch (style) {
    case 'openai-codex':
      return {
        'x-codex-primary-used-percent': String(Math.min(100, Math.round((used / Math.max(1, quota.calls)) * 100))),
        'x-codex-primary-window-minutes': String(quota.windowMinutes),
        'x-codex-primary-reset-at': String(Math.ceil(resetAtMs / 1000)),
        'x-codex-primary-reset-after-seconds': String(resetSeconds),
        'x-codex-plan-type': 'plus',
      }
    case 'anthropic':
      return {
        'anthropic-ratelimit-requests-limit': String(quota.calls),
        'anthropic-ratelimit-requests-remaining': String(remaining),
        'anthropic-ratelimit-requests-reset': toIsoText(resetAtMs),
      }
    default:
      return {
        'x-ratelimit-limit-requests': String(quota.calls),
        'x-ratelimit-remaining-requests': String(remaining),
        'x-ratelimit-reset-requests': `${resetSeconds}s`,
      }
  }
}

/** The refusal of a used-up window. */
export function quotaStep(style: ProviderStyle, state: QuotaState, nowMs: number): Step {
  const resetSeconds = Math.max(1, Math.ceil((state.resetAtMs - nowMs) / 1000))
  const error = QUOTA_ERRORS[style](resetSeconds, Math.ceil(state.resetAtMs / 1000))
  const headers = {
    ...quotaHeaders(style, { ...state, used: state.quota.calls }, nowMs),
    ...(style === 'openai-codex' ? {} : { 'retry-after': String(resetSeconds) }),
  }
  if (state.quota.refusal === 'soft') return { kind: 'failed', error, headers }
  const body = style === 'anthropic' ? { type: 'error', error, request_id: 'req_simulated' } : { error }
  return { kind: 'error', status: 429, body, headers }
}

const QUOTA_ERRORS: Readonly<Record<ProviderStyle, (resetSeconds: number, resetsAt: number) => SimulatedError>> = {
  'openai-codex': (resets_in_seconds, resets_at) => ({
    type: 'usage_limit_reached',
    message: 'The usage limit has been reached',
    plan_type: 'plus',
    resets_at,
    resets_in_seconds,
  }),
  openai: () => ({
    type: 'requests',
    code: 'rate_limit_exceeded',
    message: 'Rate limit reached on requests per day (RPD).',
  }),
  anthropic: () => ({ type: 'rate_limit_error', message: 'You have reached your usage limit for this period.' }),
  openrouter: () => ({
    code: 429,
    message: 'Rate limit exceeded: free-models-per-day.',
    metadata: { limit_source: 'openrouter_free_tier_daily' },
  }),
}

/** What the real provider says to a key that it does not know. */
export function unknownToken(wire: WireName, style: ProviderStyle): Step {
  if (style === 'openai-codex') {
    return {
      kind: 'error',
      status: 401,
      body: {
        error: {
          message: 'Your authentication token has been invalidated. Please try signing in again.',
          type: 'invalid_request_error',
          code: 'token_invalidated',
          param: null,
        },
        status: 401,
      },
    }
  }
  if (wire === 'messages')
    return {
      kind: 'error',
      status: 401,
      body: { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } },
    }
  return {
    kind: 'error',
    status: 401,
    body: {
      error: {
        message: 'Incorrect API key provided. You can find your API key in your account settings.',
        type: 'invalid_request_error',
        param: null,
        code: 'invalid_api_key',
      },
    },
  }
}

/** Fields that the Codex backend refuses; it also insists on `store: false` and `stream: true`. */
const CODEX_REFUSES = [
  'max_output_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'metadata',
  'user',
  'previous_response_id',
  'truncation',
]

/** @returns the refusal of a request that the Codex backend would not take */
export function codexRefusal(body: Readonly<Record<string, unknown>>): Step | undefined {
  const refused = CODEX_REFUSES.find((field) => body[field] !== undefined)
  const detail =
    refused !== undefined
      ? `Unsupported parameter: ${refused}`
      : body['store'] !== false
        ? 'Store must be set to false'
        : body['stream'] !== true
          ? 'Stream must be set to true'
          : Array.isArray(body['input'])
            ? undefined
            : 'Input must be a list'
  return detail === undefined ? undefined : { kind: 'error', status: 400, body: { detail } }
}
