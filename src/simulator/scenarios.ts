import type { Scenario, SimulatedError, Step } from './scenario.ts'

/** The message of the report that started this project, as the Codex backend words it. */
const USAGE_LIMIT: SimulatedError = {
  type: 'usage_limit_reached',
  message: 'The usage limit has been reached',
  plan_type: 'plus',
  resets_in_seconds: 13_872,
}

const EMPTY: Step = { kind: 'failed', error: USAGE_LIMIT }
const EMPTY_AFTER_REASONING: Step = { kind: 'failed', error: USAGE_LIMIT, reasoningFirst: true }

/** Ready-made accidents, for `sparekey simulate`, the demo, tests and your own tests. Tokens are `tok-a`, `tok-b`, `tok-c`. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'all-good': {
    name: 'all-good',
    description: 'three accounts that answer',
    credentials: { 'tok-a': {}, 'tok-b': {}, 'tok-c': {} },
  },
  'first-account-empty': {
    name: 'first-account-empty',
    description: 'the first of three accounts is empty and says so inside HTTP 200',
    credentials: { 'tok-a': { steps: [EMPTY] }, 'tok-b': {}, 'tok-c': {} },
  },
  'first-account-empty-after-reasoning': {
    name: 'first-account-empty-after-reasoning',
    description: 'the same, but a reasoning item is streamed before the failure',
    credentials: { 'tok-a': { steps: [EMPTY_AFTER_REASONING] }, 'tok-b': {}, 'tok-c': {} },
  },
  'all-empty': {
    name: 'all-empty',
    description: 'all three accounts are empty',
    credentials: { 'tok-a': { steps: [EMPTY] }, 'tok-b': { steps: [EMPTY] }, 'tok-c': { steps: [EMPTY] } },
  },
  'policy-refusal': {
    name: 'policy-refusal',
    description: 'the request is refused for safety: no account is to blame',
    credentials: Object.fromEntries(
      ['tok-a', 'tok-b', 'tok-c'].map((token) => [
        token,
        {
          steps: [
            {
              kind: 'failed',
              error: {
                code: 'cyber_policy',
                type: 'invalid_request',
                message: 'This content was flagged for possible cybersecurity risk.',
              },
            },
          ],
        },
      ]),
    ),
  },
  'short-throttle': {
    name: 'short-throttle',
    description: 'the first account is throttled for a second, then answers',
    credentials: {
      'tok-a': {
        steps: [
          {
            kind: 'error',
            status: 429,
            headers: { 'retry-after': '1' },
            body: {
              error: {
                code: 'rate_limit_exceeded',
                type: 'requests',
                message: 'Rate limit reached. Please try again in 1s.',
              },
            },
          },
          { kind: 'answer' },
        ],
      },
      'tok-b': {},
      'tok-c': {},
    },
  },
  'overloaded-then-fine': {
    name: 'overloaded-then-fine',
    description: 'the provider is overloaded once, then answers',
    credentials: {
      'tok-a': {
        steps: [
          {
            kind: 'failed',
            error: {
              type: 'service_unavailable_error',
              code: 'server_is_overloaded',
              message: 'Our servers are currently overloaded.',
            },
          },
          { kind: 'answer' },
        ],
      },
    },
  },
  'cut-mid-stream': {
    name: 'cut-mid-stream',
    description: 'the connection dies after visible output: nothing may be replayed',
    credentials: { 'tok-a': { steps: [{ kind: 'cut', at: 'after_output' }] }, 'tok-b': {}, 'tok-c': {} },
  },
  'ends-without-terminal-event': {
    name: 'ends-without-terminal-event',
    description: 'the stream ends politely but incomplete, before any output',
    credentials: { 'tok-a': { steps: [{ kind: 'end_early', at: 'before_output' }] }, 'tok-b': {}, 'tok-c': {} },
  },
  'captive-portal': {
    name: 'captive-portal',
    description: 'an HTML page comes with HTTP 200 instead of an answer, once',
    credentials: {
      'tok-a': {
        steps: [
          {
            kind: 'raw',
            status: 200,
            headers: { 'content-type': 'text/html' },
            body: '<!doctype html><html><title>Sign in</title></html>',
          },
          { kind: 'answer' },
        ],
      },
    },
  },
  'revoked-key': {
    name: 'revoked-key',
    description: 'the first account was revoked',
    credentials: {
      'tok-a': {
        steps: [
          {
            kind: 'error',
            status: 401,
            body: {
              error: {
                code: 'token_invalidated',
                type: 'invalid_request_error',
                message: 'Your authentication token has been invalidated. Please try signing in again.',
              },
            },
          },
        ],
      },
      'tok-b': {},
      'tok-c': {},
    },
  },
  'small-windows': {
    name: 'small-windows',
    description: 'each account answers three calls, then its five-hour window is used up',
    style: 'openai-codex',
    credentials: Object.fromEntries(
      ['tok-a', 'tok-b', 'tok-c'].map((token) => [token, { quota: { calls: 3, windowMinutes: 300 } }]),
    ),
  },
}
