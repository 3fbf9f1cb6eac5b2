import type { CredentialScript, Scenario, SimulatedError, Step } from './scenario.ts'

/** The message of the report that started this project, as the Codex backend words it. */
const USAGE_LIMIT: SimulatedError = {
  type: 'usage_limit_reached',
  message: 'The usage limit has been reached',
  plan_type: 'plus',
  resets_in_seconds: 13_872,
}

const EMPTY: Step = { kind: 'failed', error: USAGE_LIMIT }
const EMPTY_AFTER_REASONING: Step = { kind: 'failed', error: USAGE_LIMIT, reasoningFirst: true }

/** What a call of the three accounts meets; an account that is not named answers well. */
function accounts(
  scripts: Partial<Record<'tok-a' | 'tok-b' | 'tok-c', readonly Step[]>> = {},
): Readonly<Record<string, CredentialScript>> {
  const script = (steps: readonly Step[] | undefined): CredentialScript => (steps === undefined ? {} : { steps })
  return {
    'tok-a': script(scripts['tok-a']),
    'tok-b': script(scripts['tok-b']),
    'tok-c': script(scripts['tok-c']),
  }
}

function everybody(...steps: readonly Step[]): Readonly<Record<string, CredentialScript>> {
  return accounts({ 'tok-a': steps, 'tok-b': steps, 'tok-c': steps })
}

function refusal(status: number, error: SimulatedError, headers: Readonly<Record<string, string>> = {}): Step {
  return { kind: 'error', status, body: { error }, headers }
}

const GOOD: Step = { kind: 'answer' }

const OVERLOADED: SimulatedError = {
  type: 'service_unavailable_error',
  code: 'server_is_overloaded',
  message: 'Our servers are currently overloaded. Please try again later.',
}

const LIBRARY: readonly Scenario[] = [
  { name: 'all-good', description: 'three accounts that answer', credentials: accounts() },

  // Accounts that run out.
  {
    name: 'first-account-empty',
    description: 'the first of three accounts is empty and says so inside HTTP 200',
    credentials: accounts({ 'tok-a': [EMPTY] }),
  },
  {
    name: 'first-account-empty-after-reasoning',
    description: 'the same, but a reasoning item is streamed before the failure',
    credentials: accounts({ 'tok-a': [EMPTY_AFTER_REASONING] }),
  },
  {
    name: 'first-account-empty-over-http',
    description: 'the same fact as a true HTTP 429',
    credentials: accounts({ 'tok-a': [refusal(429, USAGE_LIMIT)] }),
  },
  { name: 'all-empty', description: 'all three accounts are empty', credentials: everybody(EMPTY) },
  {
    name: 'empty-after-output',
    description: 'the first account runs out in the middle of its answer: nothing may be replayed',
    credentials: accounts({ 'tok-a': [{ kind: 'failed', error: USAGE_LIMIT, textFirst: 'The answer' }] }),
  },
  {
    name: 'small-windows',
    description: 'each account answers three calls, then its five-hour window is used up',
    style: 'openai-codex',
    credentials: Object.fromEntries(
      ['tok-a', 'tok-b', 'tok-c'].map((token) => [token, { quota: { calls: 3, windowMinutes: 300 } }]),
    ),
  },
  {
    name: 'no-credit',
    description: 'the first key has no credit left, in the clothes of a throttle (HTTP 429)',
    credentials: accounts({
      'tok-a': [
        refusal(429, {
          type: 'insufficient_quota',
          code: 'insufficient_quota',
          message: 'You exceeded your current quota, please check your plan and billing details.',
        }),
      ],
    }),
  },

  // Accounts that are refused.
  {
    name: 'revoked-key',
    description: 'the first account was revoked',
    credentials: accounts({
      'tok-a': [
        refusal(401, {
          code: 'token_invalidated',
          type: 'invalid_request_error',
          message: 'Your authentication token has been invalidated. Please try signing in again.',
        }),
      ],
    }),
  },
  {
    name: 'expired-token',
    description: 'the token of the first account has expired',
    credentials: accounts({
      'tok-a': [refusal(401, { code: 'token_expired', message: 'Provided authentication token is expired.' })],
    }),
  },
  {
    name: 'model-not-included',
    description: 'the plan of the first account does not include the model',
    credentials: accounts({
      'tok-a': [
        {
          kind: 'error',
          status: 400,
          body: { detail: "The 'gpt-5.5' model is not supported when using Codex with a ChatGPT account." },
        },
      ],
    }),
  },

  // Throttles and capacity.
  {
    name: 'short-throttle',
    description: 'the first account is throttled for a second, then answers',
    credentials: accounts({
      'tok-a': [
        refusal(
          429,
          {
            code: 'rate_limit_exceeded',
            type: 'requests',
            message: 'Rate limit reached. Please try again in 1s.',
          },
          { 'retry-after': '1' },
        ),
        GOOD,
      ],
    }),
  },
  {
    name: 'rate-limited',
    description: 'all three accounts are throttled for 20 seconds',
    credentials: everybody(
      refusal(
        429,
        { code: 'rate_limit_exceeded', type: 'requests', message: 'Rate limit reached. Please try again in 20s.' },
        { 'retry-after': '20' },
      ),
    ),
  },
  {
    name: 'overloaded-then-fine',
    description: 'the provider is overloaded once, then answers',
    credentials: accounts({ 'tok-a': [{ kind: 'failed', error: OVERLOADED }, GOOD] }),
  },
  {
    name: 'overloaded',
    description: 'the provider has no capacity, whatever the account',
    credentials: everybody(refusal(503, OVERLOADED)),
  },
  {
    name: 'server-error-once',
    description: 'HTTP 500 once, then an answer',
    credentials: accounts({
      'tok-a': [
        refusal(500, {
          code: 'server_error',
          type: 'server_error',
          message: 'The server had an error while processing your request. Sorry about that!',
        }),
        GOOD,
      ],
    }),
  },

  // Requests that nobody would answer.
  {
    name: 'policy-refusal',
    description: 'the request is refused for safety: no account is to blame',
    credentials: everybody({
      kind: 'failed',
      error: {
        code: 'cyber_policy',
        type: 'invalid_request',
        message: 'This content was flagged for possible cybersecurity risk.',
      },
    }),
  },
  {
    name: 'context-overflow',
    description: 'the conversation is too long for the model: no account is to blame',
    credentials: everybody({
      kind: 'failed',
      error: {
        code: 'context_length_exceeded',
        message: 'Your input exceeds the context window of this model. Please adjust your input and try again.',
      },
    }),
  },

  // Answers that are none, and connections that die.
  {
    name: 'captive-portal',
    description: 'an HTML page comes with HTTP 200 instead of an answer, once',
    credentials: accounts({ 'tok-a': [{ kind: 'html' }, GOOD] }),
  },
  {
    name: 'empty-body',
    description: 'HTTP 200 without a single byte, once',
    credentials: accounts({ 'tok-a': [{ kind: 'empty', of: 'bytes' }, GOOD] }),
  },
  {
    name: 'malformed',
    description: 'HTTP 200 whose JSON is none, once',
    credentials: accounts({ 'tok-a': [{ kind: 'malformed' }, GOOD] }),
  },
  {
    name: 'reset-before-headers',
    description: 'the connection is reset before a word was said, once',
    credentials: accounts({ 'tok-a': [{ kind: 'cut', at: 'before_headers', how: 'reset' }, GOOD] }),
  },
  {
    name: 'cut-before-output',
    description: 'the connection dies behind the handshake of the stream, once',
    credentials: accounts({ 'tok-a': [{ kind: 'cut', at: 'before_output' }, GOOD] }),
  },
  {
    name: 'cut-mid-stream',
    description: 'the connection dies after visible output: nothing may be replayed',
    credentials: accounts({ 'tok-a': [{ kind: 'cut', at: 'after_output' }] }),
  },
  {
    name: 'ends-without-terminal-event',
    description: 'the stream ends politely but incomplete, before any output',
    credentials: accounts({ 'tok-a': [{ kind: 'end_early', at: 'before_output' }] }),
  },
  {
    name: 'silent',
    description: 'the first account never answers',
    credentials: accounts({ 'tok-a': [{ kind: 'hang', at: 'before_headers' }] }),
  },
  {
    name: 'silent-after-handshake',
    description: 'the first account begins its stream and then falls silent',
    credentials: accounts({ 'tok-a': [{ kind: 'hang', at: 'before_output' }] }),
  },
  {
    name: 'slow',
    description: 'an answer that drips: half a second before each event',
    credentials: everybody({ kind: 'answer', everyMs: 500 }),
  },

  // Answers that must pass as they are.
  {
    name: 'unknown-fields',
    description: 'a good answer with fields and an event that no client knows',
    credentials: everybody({ kind: 'answer', unknownFields: { simulated_field: { nested: [1, 'two'] } } }),
  },
  {
    name: 'tool-call',
    description: 'a tool call behind a reasoning item',
    credentials: everybody({
      kind: 'answer',
      reasoningFirst: true,
      toolCall: { name: 'get_weather', arguments: '{"city":"Oslo","days":3}' },
    }),
  },
]

/**
 * Ready-made accidents by name, for `sparekey simulate`, the demo, tests and your own tests.
 * The tokens are `tok-a`, `tok-b` and `tok-c`; every other token is refused.
 */
export const SCENARIOS: Readonly<Record<string, Scenario>> = Object.fromEntries(
  LIBRARY.map((scenario) => [scenario.name, scenario]),
)
