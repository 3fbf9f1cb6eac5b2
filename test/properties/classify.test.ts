import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classify } from '../../src/failure/classify.ts'
import type { Evidence, Failure } from '../../src/failure/evidence.ts'
import { observeException } from '../../src/failure/observe-exception.ts'
import { observeHttp } from '../../src/failure/observe-http.ts'
import { observeSoft } from '../../src/failure/observe-soft.ts'
import { anthropicRules } from '../../src/providers/anthropic.rules.ts'
import { openAiRules } from '../../src/providers/openai.rules.ts'
import { openAiCodexRules } from '../../src/providers/openai-codex.rules.ts'
import { openRouterRules } from '../../src/providers/openrouter.rules.ts'

const SEEN_AT_MS = Date.UTC(2026, 10, 24)
const TABLES = {
  'openai-codex': openAiCodexRules,
  openai: openAiRules,
  anthropic: anthropicRules,
  openrouter: openRouterRules,
} as const
type ProviderId = keyof typeof TABLES

interface Fact {
  readonly provider: ProviderId
  readonly status: number
  readonly error: Readonly<Record<string, unknown>>
}

/** Facts as providers state them; what a channel adds is only packaging. */
const FACTS: readonly Fact[] = [
  {
    provider: 'openai-codex',
    status: 429,
    error: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 },
  },
  { provider: 'openai-codex', status: 429, error: { code: 'rate_limit_exceeded', message: 'Slow down' } },
  {
    provider: 'openai-codex',
    status: 401,
    error: { code: 'token_expired', message: 'Provided authentication token is expired.' },
  },
  {
    provider: 'openai-codex',
    status: 400,
    error: { code: 'cyber_policy', message: 'This content was flagged for possible cybersecurity risk.' },
  },
  {
    provider: 'openai-codex',
    status: 503,
    error: { code: 'server_is_overloaded', message: 'Our servers are currently overloaded.' },
  },
  {
    provider: 'openai',
    status: 429,
    error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'You exceeded your current quota' },
  },
  {
    provider: 'openai',
    status: 400,
    error: {
      type: 'invalid_request_error',
      code: 'context_length_exceeded',
      message: 'Your input exceeds the context window of this model.',
    },
  },
  {
    provider: 'openai',
    status: 404,
    error: {
      type: 'invalid_request_error',
      code: 'model_not_found',
      message: 'The model does not exist or you do not have access to it',
    },
  },
  {
    provider: 'openai',
    status: 500,
    error: { type: 'server_error', message: 'The server had an error while processing your request.' },
  },
  { provider: 'openai', status: 401, error: { code: 'invalid_api_key', message: 'Incorrect API key provided' } },
  { provider: 'anthropic', status: 529, error: { type: 'overloaded_error', message: 'Overloaded' } },
  {
    provider: 'anthropic',
    status: 429,
    error: { type: 'rate_limit_error', message: 'Number of request tokens has exceeded your per-minute rate limit' },
  },
  {
    provider: 'anthropic',
    status: 400,
    error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the Anthropic API.' },
  },
  {
    provider: 'anthropic',
    status: 413,
    error: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
  },
  { provider: 'openrouter', status: 429, error: { code: 429, message: 'Rate limit exceeded: free-models-per-day' } },
  { provider: 'openrouter', status: 402, error: { code: 402, message: 'Insufficient credits. Add more.' } },
]

/** The same fact in every clothing that the wires can hand over. */
function clothings({ provider, status, error }: Fact): Readonly<Record<string, Evidence>> {
  const base = { provider, api: 'responses' as const, seenAtMs: SEEN_AT_MS }
  const soft = { ...base, status: 200, headers: {}, hadOutput: false }
  const failed = { id: 'resp_1', object: 'response', status: 'failed', error }
  return {
    'HTTP error': observeHttp({ ...base, status, headers: {}, body: JSON.stringify({ error }) }),
    'HTTP error wrapped in an array': observeHttp({ ...base, status, headers: {}, body: JSON.stringify([{ error }]) }),
    'body of a 200 with status failed': observeSoft({ channel: 'body', body: JSON.stringify(failed) }, soft),
    'body of a 200 with an error object': observeSoft({ channel: 'body', body: JSON.stringify({ error }) }, soft),
    'error event, nested': observeSoft(
      { channel: 'event', eventName: 'error', body: JSON.stringify({ type: 'error', error }) },
      soft,
    ),
    'response.failed event': observeSoft(
      {
        channel: 'event',
        eventName: 'response.failed',
        body: JSON.stringify({ type: 'response.failed', response: failed }),
      },
      soft,
    ),
    'event after output': observeSoft(
      { channel: 'event', eventName: 'error', body: JSON.stringify({ type: 'error', error }) },
      { ...soft, hadOutput: true },
    ),
    'exception of an SDK': observeException({
      ...base,
      error: Object.assign(new Error(`${status} ${JSON.stringify({ error })}`), { name: 'APIError', status }),
    }),
    'exception with a Python dict': observeException({
      ...base,
      error: { name: 'APIStatusError', message: `Error code: ${status} - ${pythonDict({ error })}` },
    }),
  }
}

function pythonDict(value: unknown): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Array.isArray(value)) return `[${value.map(pythonDict).join(', ')}]`
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object') return 'None'
  return `{${Object.entries(value)
    .map(([key, each]) => `${pythonDict(key)}: ${pythonDict(each)}`)
    .join(', ')}}`
}

function verdict({ label, blame, retryAfterMs, modelScoped }: Failure) {
  return { label, blame, retryAfterMs, modelScoped }
}

describe('I9 the same evidence gets the same label on every channel', () => {
  it.each(FACTS.map((fact) => [`${fact.provider} ${String(fact.error['code'] ?? fact.error['type'])}`, fact] as const))(
    '%s',
    (_name, fact) => {
      const rules = TABLES[fact.provider]
      const all = Object.entries(clothings(fact)).map(
        ([clothing, evidence]) => [clothing, verdict(classify(evidence, rules))] as const,
      )
      const expected = all[0]?.[1]
      expect(expected?.label).not.toBe('unknown')
      for (const [clothing, seen] of all) expect(seen, clothing).toEqual(expected)
    },
  )

  it('whatever unknown fields stand beside the error', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FACTS),
        fc.dictionary(fc.stringMatching(/^x_[a-z]{1,8}$/), fc.jsonValue()),
        (fact, extra) => {
          const rules = TABLES[fact.provider]
          const plain = Object.values(clothings(fact)).map((evidence) => verdict(classify(evidence, rules)))
          const widened = Object.values(clothings({ ...fact, error: { ...extra, ...fact.error } })).map((evidence) =>
            verdict(classify(evidence, rules)),
          )
          expect(widened).toEqual(plain)
        },
      ),
      { numRuns: 60, examples: [[FACTS[0] as Fact, { x_a: ['\\"'] }]] },
    )
  })
})

describe('classify survives anything', () => {
  const headers = fc.dictionary(
    fc.constantFrom(
      'retry-after',
      'retry-after-ms',
      'x-codex-primary-used-percent',
      'x-codex-primary-reset-at',
      'x-ratelimit-remaining-requests',
      'x-ratelimit-reset-requests',
    ),
    fc.string(),
  )
  const evidence: fc.Arbitrary<Evidence> = fc.record({
    channel: fc.constantFrom('http', 'body', 'event', 'end', 'exception'),
    provider: fc.constantFrom('openai-codex', 'openai', 'anthropic', 'openrouter', 'unheard-of'),
    api: fc.constantFrom('responses', 'chat-completions', 'messages'),
    status: fc.integer({ min: 100, max: 999 }),
    headers,
    body: fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.json({ maxDepth: 6 }),
      fc.jsonValue().map((value) => JSON.stringify({ error: value })),
    ),
    seenAtMs: fc.constant(SEEN_AT_MS),
  })

  it('never throws, always gives one label, and its times are plausible', () => {
    fc.assert(
      fc.property(evidence, (seen) => {
        const failure = classify(seen, openAiCodexRules)
        expect(typeof failure.label).toBe('string')
        expect(failure.message.length).toBeLessThanOrEqual(500)
        for (const time of [failure.retryAfterMs, failure.resetAt])
          if (time !== undefined) expect(Number.isFinite(time) && time >= 0).toBe(true)
      }),
      { numRuns: 400 },
    )
  })

  it('reads a deep or huge body in bounded time', () => {
    const deep = `${'{"error":'.repeat(5_000)}{"message":"rate limit"}${'}'.repeat(5_000)}`
    const nested = Array.from({ length: 9 }).reduce<string>(
      (inner) => JSON.stringify({ error: { message: inner } }),
      'rate limit',
    )
    for (const body of [
      deep,
      nested,
      '{'.repeat(65_000),
      "{'".repeat(30_000),
      '<'.repeat(65_000),
      'try again in '.repeat(5_000),
    ]) {
      const failure = classify(
        observeHttp({ provider: 'openai', api: 'responses', status: 429, headers: {}, body, seenAtMs: SEEN_AT_MS }),
      )
      expect(failure.label).toBe('rate_limit')
    }
  })
})
