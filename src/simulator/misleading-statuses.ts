import type { Kind } from './kind.ts'
import type { Step } from './scenario.ts'

function says(status: number, body: unknown, headers?: Readonly<Record<string, string>>): () => Step {
  return () => ({ kind: 'error', status, body, ...(headers === undefined ? {} : { headers }) })
}

function anthropic(type: string, message: string, errorCode?: string) {
  const details = errorCode === undefined ? {} : { details: { error_code: errorCode } }
  return { type: 'error', error: { type, message, ...details }, request_id: 'req_simulated' }
}

/** HTTP errors whose status says one thing and whose words another: the words are right. */
export const MISLEADING_STATUSES: readonly Kind[] = [
  {
    kind: 'http-429-no-credit',
    label: 'billing',
    wires: ['responses', 'chat-completions'],
    step: says(429, {
      error: {
        type: 'insufficient_quota',
        code: 'insufficient_quota',
        param: null,
        message: 'You exceeded your current quota, please check your plan and billing details.',
      },
    }),
  },
  {
    kind: 'http-429-contract-spent',
    label: 'billing',
    wires: ['messages'],
    step: says(429, anthropic('rate_limit_error', 'Contract spend limit reached.', 'contract_spend_limit_reached')),
  },
  {
    kind: 'http-400-no-credit',
    label: 'billing',
    wires: ['messages'],
    step: says(
      400,
      anthropic(
        'invalid_request_error',
        'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
      ),
    ),
  },
  {
    kind: 'http-429-window-full',
    label: 'quota_exhausted',
    wires: ['messages'],
    step: says(
      429,
      anthropic('rate_limit_error', "This request would exceed your account's rate limit. Please try again later."),
      {
        'anthropic-ratelimit-unified-status': 'rejected',
        'anthropic-ratelimit-unified-representative-claim': 'five_hour',
        'anthropic-ratelimit-unified-5h-status': 'rejected',
        'anthropic-ratelimit-unified-5h-utilization': '1.0',
        'anthropic-ratelimit-unified-7d-status': 'allowed',
        'anthropic-ratelimit-unified-7d-utilization': '0.59',
        'retry-after': '7835',
        // Captured with a window of hours: it does not mean "soon".
        'x-should-retry': 'true',
      },
    ),
  },
  {
    kind: 'http-403-plan-spent',
    label: 'quota_exhausted',
    wires: ['chat-completions'],
    step: says(403, {
      error: {
        type: 'access_terminated_error',
        message: "You've reached your usage limit for this period. Your quota will be refreshed in the next cycle.",
      },
    }),
  },
  {
    kind: 'http-429-engine-overloaded',
    label: 'overloaded',
    wires: ['responses', 'chat-completions'],
    step: says(429, {
      error: { type: 'engine_overloaded_error', message: 'The engine is currently overloaded, please try again later' },
    }),
  },
  {
    kind: 'http-403-token-revoked',
    label: 'auth_revoked',
    wires: ['messages'],
    step: says(403, anthropic('permission_error', 'OAuth token has been revoked. Please obtain a new token.')),
  },
  {
    kind: 'http-400-on-hold',
    label: 'auth_revoked',
    wires: ['messages'],
    step: says(400, anthropic('invalid_request_error', 'This organization is on hold.', 'organization_on_hold')),
  },
  {
    kind: 'http-500-overflow',
    label: 'context_overflow',
    wires: ['responses', 'chat-completions'],
    step: says(500, {
      error: {
        type: 'server_error',
        code: 'context_length_exceeded',
        message: 'Your input exceeds the context window of this model.',
      },
    }),
  },
  {
    kind: 'http-502-wrapped-overflow',
    label: 'context_overflow',
    wires: ['chat-completions'],
    // A relay put the provider's error, as text, into its own.
    step: says(502, {
      error: {
        type: 'upstream_error',
        message:
          '{"error":{"message":"This model\'s maximum context length is 128000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}',
      },
    }),
  },
  {
    kind: 'http-404-text-error',
    label: 'model_not_found',
    wires: ['chat-completions'],
    step: says(404, { error: 'model "gpt-5.5" not found, try pulling it first' }),
  },
]
