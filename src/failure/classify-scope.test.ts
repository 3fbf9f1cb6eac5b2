import { describe, expect, it } from 'vitest'
import { openRouterRules } from '../providers/openrouter.rules.ts'
import { classify } from './classify.ts'
import type { Evidence } from './evidence.ts'
import type { FailureLabel } from './labels.ts'
import type { Rule } from './rule.ts'

const SEEN_AT_MS = Date.UTC(2026, 10, 24, 12)
const HOUR_MS = 3_600_000

function seen(body: unknown, change: Partial<Evidence> = {}, rules: readonly Rule[] = []) {
  const evidence: Evidence = {
    channel: 'http',
    provider: 'any',
    api: 'responses',
    status: 418,
    headers: {},
    body: typeof body === 'string' ? body : JSON.stringify(body),
    seenAtMs: SEEN_AT_MS,
    ...change,
  }
  return classify(evidence, rules)
}

const row = (change: Partial<Rule>): Rule => ({ is: 'quota_exhausted', seen: 'x/row', ...change })

describe('a bare status', () => {
  it("is the answer's own when it refuses", () => {
    const inside = { error: { message: 'xyzzy', http_code: 404 } }
    expect(seen(inside, { status: 503 })).toMatchObject({ rule: 'common/status-503', confidence: 'status' })
    expect(seen(inside, { status: 300 }).rule).toBe('common/status-302')
  })

  it.each([200, 204, 299, undefined])('is that of the error object within an answer of %j', (status) => {
    const named = { error: { message: 'xyzzy', http_code: 502 } }
    const { status: _refused, ...around } = seen(named).evidence
    const failure = classify(status === undefined ? around : { ...around, channel: 'body', status })
    expect(failure).toMatchObject({ rule: 'common/status-5xx', confidence: 'status', message: 'xyzzy' })
  })

  it('is that of the layer that names one, the innermost first', () => {
    const wrapped = { http_code: 413, error: { message: 'words', error: { http_code: 529, message: 'xyzzy' } } }
    expect(seen(wrapped, { status: 200 })).toMatchObject({ rule: 'common/status-529', message: 'xyzzy' })
    expect(seen({ http_code: 413, error: { message: 'xyzzy' } }, { status: 200 }).rule).toBe('common/status-413')
  })

  it('that nobody names is none', () => {
    expect(seen({ error: { message: 'xyzzy' } }, { status: 200 })).toMatchObject({ label: 'unknown', rule: 'none' })
  })

  it('goes with the shape of the outermost layer', () => {
    const rules = [
      row({ status: 418, shape: 'text', seen: 'x/text' }),
      row({ status: 418, shape: 'json', seen: 'x/json' }),
    ]
    expect(seen('xyzzy {"error":{"message":"plugh"}}', {}, rules).rule).toBe('x/text')
    expect(seen('{"error":{"message":"plugh"}}', {}, rules).rule).toBe('x/json')
  })
})

describe('an upstream behind an aggregator', () => {
  const behind = (code: number, error: unknown, byok = false) =>
    seen(
      {
        error: {
          message: 'Provider returned error',
          code,
          metadata: { raw: JSON.stringify({ error }), provider_name: 'P', is_byok: byok },
        },
      },
      { provider: 'openrouter', status: code },
      openRouterRules,
    )

  it.each<readonly [string, number, FailureLabel, FailureLabel]>([
    ['rate_limit_exceeded', 429, 'overloaded', 'rate_limit'],
    ['insufficient_quota', 429, 'server_error', 'billing'],
    ['usage_limit_reached', 429, 'overloaded', 'quota_exhausted'],
    ['invalid_api_key', 401, 'server_error', 'auth_revoked'],
    // What is wrong with the request stays so, whoever says it.
    ['context_length_exceeded', 400, 'context_overflow', 'context_overflow'],
  ])('says %s: with its key %s is %s, with ours %s', (code, status, foreign, own) => {
    expect(behind(status, { code, message: 'xyzzy' }).label).toBe(foreign)
    expect(behind(status, { code, message: 'xyzzy' }, true).label).toBe(own)
  })
})

describe('a limit of one model', () => {
  const said = (message: string, is: FailureLabel = 'quota_exhausted') =>
    seen({ error: { message, code: 'odd' } }, {}, [row({ code: 'odd', is })]).modelScoped

  it.each([
    'No more for this model today',
    'Too many requests for model x',
    'Quota on the model is spent',
    'You cannot access model x',
    'This model is busy',
    'Rate limit reached for gpt-5-mini in organization org-1',
    "The model 'gpt-5 mini' is not available",
    '该模型当前访问量过大',
    '您无权使用模型 x',
  ])('%s', (message) => {
    expect(said(message)).toBe(true)
  })

  it.each([
    'No more for models',
    'Try another model',
    "The model '' is not available",
    'Rate limit reached for all of us in organization org-1',
  ])('%s: of the account', (message) => {
    expect(said(message)).toBe(false)
  })

  it('is a limit: the words beside anything else are about nothing', () => {
    for (const label of ['rate_limit', 'quota_exhausted', 'overloaded', 'entitlement'] as const)
      expect(said('this model', label), label).toBe(true)
    for (const label of ['billing', 'auth_revoked', 'server_error'] as const)
      expect(said('this model', label), label).toBe(false)
  })

  it('is what its row says, words or none', () => {
    expect(seen('{"error":{"code":"odd"}}', {}, [row({ code: 'odd', modelScoped: true })]).modelScoped).toBe(true)
    expect(seen('{"error":{"code":"odd"}}', {}, [row({ code: 'odd' })]).modelScoped).toBe(false)
    expect(seen('this model').modelScoped).toBe(false)
  })
})

describe('what a window does not say itself', () => {
  const daily = [row({ code: 'odd', resets: 'midnight-utc' })]
  const read = (fields: Record<string, unknown>) => {
    const { retryAfterMs, resetAt, timeSource } = seen({ error: { code: 'odd', ...fields } }, {}, daily)
    return { retryAfterMs, resetAt, timeSource }
  }

  it('the calendar does', () => {
    expect(read({})).toEqual({ resetAt: SEEN_AT_MS + 12 * HOUR_MS, timeSource: 'calendar' })
  })

  it('and what it says counts before the calendar', () => {
    expect(read({ retry_after: 60 })).toEqual({ retryAfterMs: 60_000, timeSource: 'body' })
    expect(read({ resets_at: SEEN_AT_MS + 5 })).toEqual({ resetAt: SEEN_AT_MS + 5, timeSource: 'body' })
  })

  it('a row without a calendar promises nothing, and one that ignores times hears none', () => {
    const plain = seen({ error: { code: 'odd' } }, {}, [row({ code: 'odd' })])
    expect(plain).not.toHaveProperty('resetAt')
    const deaf = seen({ error: { code: 'odd', retry_after: 60 } }, {}, [row({ code: 'odd', ignoreTimes: true })])
    expect(deaf).not.toHaveProperty('retryAfterMs')
  })
})

describe('a throttle or a window', () => {
  const byDuration = [row({ code: 'odd', byDuration: true })]

  it.each([
    [599.999, 'rate_limit'],
    [600, 'quota_exhausted'],
    [undefined, 'quota_exhausted'],
  ])('of %j seconds by words that fit both: %s', (seconds, label) => {
    expect(seen({ error: { code: 'odd', retry_after: seconds } }, {}, byDuration).label).toBe(label)
  })

  it('of any length by words that fit one stays what it is', () => {
    expect(seen({ error: { code: 'odd', retry_after: 5 } }, {}, [row({ code: 'odd' })]).label).toBe('quota_exhausted')
    expect(
      seen({ error: { code: 'odd', retry_after: 5000 } }, {}, [row({ code: 'odd', is: 'overloaded' })]).label,
    ).toBe('overloaded')
  })
})

describe('headers that a payload quotes', () => {
  const wait = (body: unknown, headers: Record<string, string> = {}) => seen(body, { headers }).retryAfterMs

  it('count as if the answer had them, under either name', () => {
    expect(wait({ type: 'error', error: { code: 'odd' }, headers: { 'Retry-After': '7' } })).toBe(7000)
    expect(wait({ error: { code: 'odd', metadata: { headers: { 'retry-after': 8 } } }, status: 429 })).toBe(8000)
    expect(wait({ error: { code: 'odd', headers: { 'retry-after': '7' } }, type: 'error' })).toBe(7000)
  })

  it("less than the answer's own, and those of the inner layer more than those around it", () => {
    const both = {
      type: 'error',
      headers: { 'retry-after': '9' },
      error: { code: 'odd', headers: { 'retry-after': '7' } },
    }
    expect(wait(both)).toBe(7000)
    expect(wait(both, { 'retry-after': '5' })).toBe(5000)
  })

  it.each([['5'], { seconds: 5 }, null, true])('are words or numbers: %j is neither', (value) => {
    expect(wait({ error: { code: 'odd', headers: { 'retry-after': value } } })).toBeUndefined()
  })

  it('stand in an object or nowhere', () => {
    expect(wait({ error: { code: 'odd', headers: 'retry-after: 5' } })).toBeUndefined()
    expect(wait({ error: { code: 'odd', metadata: 'retry-after: 5' } })).toBeUndefined()
    expect(wait('plain words', { 'retry-after': '5' })).toBe(5000)
  })
})

describe('the sentence for people', () => {
  it('is that of the layer that decided, else the first that has one', () => {
    expect(seen({ message: 'outer', error: { code: 'odd' } }, {}, [row({ code: 'odd' })]).message).toBe('outer')
    expect(
      seen({ message: 'outer', error: { code: 'odd', message: 'inner' } }, {}, [row({ code: 'odd' })]).message,
    ).toBe('inner')
    expect(
      seen({ code: 'odd', message: 'outer', error: { message: 'inner' } }, {}, [row({ code: 'odd' })]).message,
    ).toBe('outer')
  })

  it('has at most 500 characters', () => {
    expect(seen({ error: { message: 'word '.repeat(100) } }).message).toHaveLength(499)
    expect(seen({ error: { message: 'word '.repeat(1000) } }).message).toHaveLength(500)
  })

  it('is ours when there is none', () => {
    expect(seen('').message).toBe('HTTP 418 without a message')
    expect(seen('', { status: 200, channel: 'body' }).message).toBe('the provider gave no reason')
    const { status: _none, ...around } = seen('').evidence
    expect(classify(around).message).toBe('the provider gave no reason')
  })

  it('stands beside the first code and type of its layer, if any', () => {
    expect(seen({ error: { code: 'C', error_code: 'D', type: 'T' } })).toMatchObject({ code: 'c', type: 't' })
    expect(seen('plain words')).not.toHaveProperty('code')
    expect(seen('plain words')).not.toHaveProperty('type')
  })
})

it.each<readonly [Partial<Rule>, Partial<Evidence>, string]>([
  [{ code: 'odd' }, {}, 'exact'],
  [{ type: 'odd_type' }, {}, 'exact'],
  [{ param: 'odd_param' }, {}, 'exact'],
  [{ header: { name: 'x-odd', is: true } }, { headers: { 'x-odd': '1' } }, 'exact'],
  [{ thrown: 'oddthrown' }, { error: { name: 'OddThrown', message: '' } }, 'exact'],
  [
    { window: 'model-full' },
    { headers: { 'x-codex-odd-primary-used-percent': '100', 'x-codex-active-limit': 'codex-odd' } },
    'exact',
  ],
  [{ text: /odd words/ }, {}, 'text'],
  [{ text: /odd words/, code: 'odd' }, {}, 'exact'],
  [{ status: 418 }, {}, 'status'],
])('a row of %j is as sure as that', (change, evidence, confidence) => {
  const body = { error: { code: 'odd', type: 'odd_type', param: 'odd_param', message: 'odd words' } }
  expect(seen(body, evidence, [row(change)])).toMatchObject({ rule: 'x/row', confidence })
})
