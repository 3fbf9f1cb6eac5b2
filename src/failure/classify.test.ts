import { describe, expect, it } from 'vitest'
import { openAiCodexRules } from '../providers/openai-codex.rules.ts'
import { openRouterRules } from '../providers/openrouter.rules.ts'
import { classify } from './classify.ts'
import { observeException } from './observe-exception.ts'
import { observeHttp } from './observe-http.ts'
import { observeSoft } from './observe-soft.ts'
import type { Rule } from './rule.ts'

const SEEN_AT_MS = Date.UTC(2026, 10, 24)

function http(status: number, body: unknown, rules: readonly Rule[] = [], headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return classify(
    observeHttp({
      provider: 'some-provider',
      api: 'chat-completions',
      status,
      headers,
      body: text,
      seenAtMs: SEEN_AT_MS,
    }),
    rules,
  )
}

function text(message: string, status = 400) {
  return http(status, { error: { message } }).label
}

describe('mistakes seen elsewhere (pitfalls H and I)', () => {
  it('a rate limit without a status is a rate limit, not billing (I.1)', () => {
    const soft = observeSoft(
      { channel: 'body', body: '{"error":{"message":"Rate limit exceeded"}}' },
      { provider: 'x', api: 'responses', status: 200, headers: {}, seenAtMs: SEEN_AT_MS, hadOutput: false },
    )
    expect(classify(soft).label).toBe('rate_limit')
  })

  it.each([
    ['token limit exceeded: your messages exceed the context window', 'context_overflow'],
    ['max_tokens is too large: 65536. This model supports at most 32768 completion tokens.', 'invalid_request'],
    ['Rate limit reached on tokens per min (TPM): Limit 30000, Requested 12528.', 'rate_limit'],
    ['The tool `x` does not exist', 'invalid_request'],
    ['Your account is deactivated', 'auth_revoked'],
    ['Your plan does not include access to this feature', 'entitlement'],
    ['Request requires approximately 70000 tokens, but only 32768 are available', 'context_overflow'],
    ['Memory ceiling exceeded', 'invalid_request'],
    ['Service temporarily unavailable', 'overloaded'],
    ['Worker local total request limit reached (32/32)', 'overloaded'],
    ['Please do not retry this request: bad schema', 'invalid_request'],
  ])('%s', (message, label) => {
    expect(text(message)).toBe(label)
  })

  it('explicit overflow text outranks a generic code (81453) and a 500 (48038)', () => {
    const message = "This model's maximum context length is 131072 tokens."
    expect(http(400, { error: { message, code: 'invalid_request_body', type: 'invalid_request_error' } }).label).toBe(
      'context_overflow',
    )
    expect(http(500, { error: { message, type: 'server_error' } }).label).toBe('context_overflow')
  })

  it('never reads words that the user wrote', () => {
    const message = `Invalid user message={'role': 'user', 'content': 'my credit balance is too low and I am overloaded'}`
    expect(http(400, { error: { message, type: 'invalid_request_error' } }).label).toBe('invalid_request')
  })

  it('boilerplate of an error page never speaks', () => {
    expect(http(503, '<html><body>Rate limit exceeded. Insufficient balance.</body></html>').label).toBe('server_error')
    expect(http(429, '<html><body>insufficient balance</body></html>').label).toBe('rate_limit')
  })
})

describe('wrapped errors', () => {
  it("an upstream's 401 behind an aggregator is not the caller's key", () => {
    const body = {
      error: {
        message: 'Provider returned error',
        code: 401,
        metadata: {
          raw: '{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}\n',
          provider_name: 'X',
          is_byok: false,
        },
      },
    }
    expect(http(401, body, openRouterRules)).toMatchObject({ label: 'server_error', blame: 'provider' })
    const own = {
      error: {
        message: 'Provider returned error',
        code: 401,
        metadata: {
          raw: '{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}',
          provider_name: 'X',
          is_byok: true,
        },
      },
    }
    expect(http(401, own, openRouterRules).label).toBe('auth_revoked')
  })

  it('reads JSON inside a message, three deep', () => {
    let message = JSON.stringify({ error: { code: 'usage_limit_reached', message: 'limit' } })
    for (let depth = 0; depth < 2; depth += 1) message = JSON.stringify({ error: { message } })
    expect(http(400, message).label).toBe('quota_exhausted')
  })

  it('keeps the row that matched, and how sure it is', () => {
    expect(http(429, { error: { type: 'usage_limit_reached' } }, openAiCodexRules)).toMatchObject({
      rule: 'openai-codex/429-usage-limit',
      confidence: 'exact',
    })
    expect(http(429, '')).toMatchObject({ rule: 'common/status-429', confidence: 'status' })
    expect(http(418, 'teapot')).toMatchObject({ label: 'unknown', rule: 'none', confidence: 'none' })
  })

  it('reads the reason of a bare 401 from the header that the edge adds', () => {
    const headers = { 'x-error-json': btoa('{"error":{"code":"token_revoked"}}') }
    expect(http(401, '{"detail":"Unauthorized"}', openAiCodexRules, headers).label).toBe('auth_revoked')
  })
})

describe('messages', () => {
  it.each([
    'sk-proj-abcdef1234567890',
    'Bearer abcdefghijklmnop',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig',
    'AIzaSyA1234567890123456789012345',
  ])('never carry a secret: %s', (secret) => {
    const failure = http(401, { error: { message: `Incorrect key ${secret} given`, code: secret } })
    expect(JSON.stringify({ ...failure, evidence: undefined })).not.toContain(secret.replace('Bearer ', ''))
  })

  it('says something when the provider did not', () => {
    expect(http(500, '').message).toBe('HTTP 500 without a message')
  })
})

describe('observeException', () => {
  it('follows the cause chain, and a ring does not hold it', () => {
    const ring: Error & { cause?: unknown } = new Error('a')
    ring.cause = Object.assign(new Error('b'), { code: 'ECONNRESET', cause: ring })
    const seen = observeException({ provider: 'x', api: 'responses', error: ring, seenAtMs: SEEN_AT_MS })
    expect(classify(seen).label).toBe('connection')
  })

  it.each([undefined, null, 'text', 42, {}, { message: 7 }])('takes %j', (error) => {
    expect(
      classify(observeException({ provider: 'x', api: 'responses', error, seenAtMs: SEEN_AT_MS })).evidence.channel,
    ).toBe('exception')
  })
})
