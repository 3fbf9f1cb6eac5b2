import { describe, expect, it } from 'vitest'
import { givenUp, NOW_MS } from '../../test/support/watch-stream.ts'
import { FAILURE_LABELS } from '../failure/labels.ts'
import { errorMessage, retryWords, returnsAt, sparekeyDetails } from './error-words.ts'

const headersOf = (given: Parameters<typeof retryWords>[0]) => Object.fromEntries(retryWords(given).headers)

describe('when a client may come back', () => {
  it.each([
    [1, '1'],
    [999, '1'],
    [1000, '1'],
    [1001, '2'],
    [59_999, '60'],
    [60_000, '60'],
  ])('a throttle of %i ms is told in true seconds, and clients may sleep it out', (waitMs, seconds) => {
    const headers = headersOf(givenUp('rate_limit', { waitMs }))
    expect(headers['retry-after']).toBe(seconds)
    expect(headers).not.toHaveProperty('x-should-retry')
  })

  it.each([60_001, 3_600_000, 15 * 3_600_000, 24 * 86_400_000])(
    'a wait of %i ms is told, and clients are told not to sleep it out',
    (waitMs) => {
      for (const label of ['rate_limit', 'quota_exhausted', 'overloaded'] as const)
        expect(headersOf(givenUp(label, { waitMs }))).toMatchObject({
          'retry-after': String(Math.ceil(waitMs / 1000)),
          'x-should-retry': 'false',
        })
    },
  )

  it('a return that is already past is one second away, never zero or less', () => {
    for (const waitMs of [0, -5000]) expect(retryWords(givenUp('rate_limit', { waitMs })).retryAfterSeconds).toBe(1)
  })

  it('nothing is invented when nobody knows', () => {
    expect(headersOf(givenUp('rate_limit'))).toEqual({ 'content-type': 'application/json' })
  })

  it.each(['auth_expired', 'auth_revoked', 'quota_exhausted', 'billing', 'entitlement', 'context_overflow'] as const)(
    'a repetition of %s at once is discouraged',
    (label) => {
      expect(headersOf(givenUp(label))['x-should-retry']).toBe('false')
    },
  )

  it.each([
    'overloaded',
    'server_error',
    'connection',
    'timeout',
    'invalid_response',
    'unknown',
    'rate_limit',
  ] as const)('a repetition of %s is not', (label) => {
    expect(headersOf(givenUp(label))).not.toHaveProperty('x-should-retry')
  })

  it.each(['invalid_request', 'context_overflow', 'model_not_found', 'cancelled'] as const)(
    'waiting does not help %s, so no time is told',
    (label) => {
      expect(headersOf(givenUp(label, { waitMs: 5000 }))).not.toHaveProperty('retry-after')
    },
  )

  it.each([
    ['invalid_json', 'false'],
    ['client_key_wrong', 'false'],
    ['no_credential', 'false'],
    ['shutting_down', undefined],
    ['request_timeout', undefined],
  ])("the gateway's own %s: x-should-retry %s", (code, expected) => {
    expect(headersOf(givenUp('overloaded', { code }))['x-should-retry']).toBe(expected)
  })

  it('is the earliest return of a credential, else the reset, else the hint from when it was seen', () => {
    const { failure, ...rest } = givenUp('rate_limit')
    expect(returnsAt({ ...rest, failure })).toBeUndefined()
    const hinted = { ...failure, retryAfterMs: 3000, evidence: { ...failure.evidence, seenAtMs: NOW_MS - 1000 } }
    expect(returnsAt({ ...rest, failure: hinted })).toBe(NOW_MS + 2000)
    const reset = { ...hinted, resetAt: NOW_MS + 9000 }
    expect(returnsAt({ ...rest, failure: reset })).toBe(NOW_MS + 9000)
    expect(returnsAt({ ...rest, failure: reset, earliestReturnMs: NOW_MS + 500 })).toBe(NOW_MS + 500)
  })
})

describe('the message', () => {
  it.each(FAILURE_LABELS)('of %s says what happened and what to do next', (label) => {
    const message = errorMessage(givenUp(label, { message: 'The upstream said no.  ' }))
    expect(message).toMatch(/^The upstream said no\. [A-Zs].{8,}\.$/)
    expect(errorMessage(givenUp(label, { message: '' })).startsWith(`${label}. `)).toBe(true)
  })

  it("is the gateway's own when the gateway refused", () => {
    expect(errorMessage(givenUp('invalid_request', { code: 'invalid_json', message: 'the body is empty' }))).toBe(
      'the body is empty',
    )
  })
})

describe('the part that only sparekey knows', () => {
  it('names the label, the rule, every attempt and the earliest return', () => {
    expect(sparekeyDetails(givenUp('quota_exhausted', { waitMs: 60_000 }))).toEqual({
      code: 'quota_exhausted',
      label: 'quota_exhausted',
      rule: 'provider/row',
      earliest_return: '2027-01-15T08:01:00.000Z',
      retry_after_ms: 60_000,
      attempts: [{ provider: 'openai', credential: 'work', label: 'quota_exhausted', status: 429 }],
    })
    expect(sparekeyDetails(givenUp('billing', { code: 'no_credential' }))).toMatchObject({ code: 'no_credential' })
    expect(sparekeyDetails(givenUp('billing'))).not.toHaveProperty('earliest_return')
  })
})
