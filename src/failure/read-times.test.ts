import { describe, expect, it } from 'vitest'
import type { Evidence } from './evidence.ts'
import { readLayers } from './layers.ts'
import { announcedWaitMs, momentOf, readTimes } from './reset-time.ts'

const NOW = Date.UTC(2026, 2, 1)
const DAY = 86_400_000

function read(body: unknown, change: Partial<Evidence> = {}) {
  const evidence: Evidence = {
    channel: 'http',
    provider: 'openai',
    api: 'responses',
    status: 429,
    headers: {},
    body: typeof body === 'string' ? body : JSON.stringify(body),
    seenAtMs: NOW,
    ...change,
  }
  const {
    retryAfterMs: wait,
    resetAt: reset,
    timeSource: source,
  } = readTimes(evidence, readLayers(evidence), evidence.headers)
  return { wait, reset, source }
}

const none = { wait: undefined, reset: undefined, source: undefined }

describe('fields of a body', () => {
  it.each<readonly [Record<string, unknown>, number | undefined, number | undefined]>([
    [{ resets_in_seconds: 9 }, 9000, undefined],
    [{ reset_after_seconds: '9' }, 9000, undefined],
    [{ reset_seconds: 25_802 }, 25_802_000, undefined],
    [{ reset_time: '7h10m2s' }, undefined, NOW + 25_802_000],
    [{ reset_time: '2026-03-01T00:01:00Z' }, undefined, NOW + 60_000],
    [{ reset_seconds: 'soon', reset_time: 'soon' }, undefined, undefined],
    [{ retry_after: 1.5 }, 1500, undefined],
    [{ retry_after: ' 1.5 ' }, 1500, undefined],
    [{ retry_after_seconds: '2m' }, 120_000, undefined],
    [{ retry_after_ms: 1500 }, 1500, undefined],
    [{ retryAfterMs: '1500' }, 1500, undefined],
    [{ retryDelay: '34.07s' }, 34_070, undefined],
    [{ quotaResetDelay: '1h' }, 3_600_000, undefined],
    [{ resets_at: NOW / 1000 + 60 }, undefined, NOW + 60_000],
    [{ reset_at: NOW + 60_000 }, undefined, NOW + 60_000],
    [{ resetsAt: '2026-03-01T00:01:00Z' }, undefined, NOW + 60_000],
    [{ resetAt: String(NOW + 60_000) }, undefined, NOW + 60_000],
    [{ nextResetTime: 60 }, undefined, NOW + 60_000],
    [{ quotaResetTimeStamp: '2026-03-01T00:01:00Z' }, undefined, NOW + 60_000],
    [{ resets_in_seconds: 9, retry_after: 4, resets_at: 60, reset_at: 90 }, 9000, NOW + 60_000],
    [{ metadata: { retry_after: 4 } }, 4000, undefined],
    [{ availability: { retry_after: 4 } }, 4000, undefined],
    [{ details: [{}, { retryDelay: '4s' }] }, 4000, undefined],
    [{ details: [{ metadata: { quotaResetDelay: '4s' } }] }, 4000, undefined],
    [{ details: [null, 'x', 7] }, undefined, undefined],
    [{ details: { retryDelay: '4s' } }, undefined, undefined],
    [
      { retry_after: 'soon', retry_after_ms: null, resets_at: false, reset_at: 'later', resetAt: 0 },
      undefined,
      undefined,
    ],
    [{ retry_after: '1x', retry_after_ms: 'x1', retryDelay: '1.' }, undefined, undefined],
  ])('%j', (fields, wait, reset) => {
    const source = wait === undefined && reset === undefined ? undefined : 'body'
    expect(read({ error: { message: 'x', ...fields } })).toEqual({ wait, reset, source })
  })

  it('are also those of a layer around the one that speaks', () => {
    expect(read({ type: 'error', retry_after: 4, error: { message: 'x' } }).wait).toBe(4000)
    expect(read({ type: 'error', retry_after: 4, error: { message: 'x', metadata: {} } }).wait).toBe(4000)
    expect(read({ type: 'error', retry_after: 4, error: { message: 'x', retry_after: '5.25' } }).wait).toBe(5250)
  })

  it('are looked for among twenty details, not among thousands', () => {
    const details = [...Array.from({ length: 20 }, () => ({})), { retryDelay: '4s' }]
    expect(read({ error: { message: 'x', details } })).toEqual(none)
    expect(read({ error: { message: 'x', details: details.slice(1) } }).wait).toBe(4000)
  })
})

describe('which source wins', () => {
  const headers = { 'retry-after': '5' }

  it('the body before a header, a header before prose', () => {
    expect(read({ error: { message: 'try again in 9s', retry_after: 4 } }, { headers }).source).toBe('body')
    expect(read({ error: { message: 'try again in 9s' } }, { headers })).toEqual({
      wait: 5000,
      reset: undefined,
      source: 'header',
    })
    expect(read({ error: { message: 'try again in 9s' } })).toEqual({ wait: 9000, reset: undefined, source: 'prose' })
  })
})

describe('what cannot be', () => {
  it.each<readonly [Record<string, unknown>, number | undefined, number | undefined]>([
    [{ retry_after_ms: 400 * DAY }, 400 * DAY, undefined],
    [{ retry_after_ms: 400 * DAY + 1 }, undefined, undefined],
    [{ retry_after_ms: 0 }, 0, undefined],
    [{ retry_after_ms: -1 }, undefined, undefined],
    [{ retry_after_ms: 1.4 }, 1, undefined],
    [{ resets_at: NOW + 400 * DAY }, undefined, NOW + 400 * DAY],
    [{ resets_at: NOW + 400 * DAY + 1 }, undefined, undefined],
    [{ resets_at: NOW - DAY }, undefined, NOW - DAY],
    [{ resets_at: NOW + 0.4 }, undefined, NOW],
    [{ resets_at: '1960-01-01' }, undefined, undefined],
    [{ reset_seconds: 400 * 86_400 }, 400 * DAY, undefined],
    [{ reset_seconds: 400 * 86_400 + 1 }, undefined, undefined],
    [{ reset_time: '400d' }, undefined, NOW + 400 * DAY],
    [{ reset_time: '401d' }, undefined, undefined],
    [{ retry_after_ms: 5, resets_at: NOW + 401 * DAY }, 5, undefined],
    [{ retry_after_ms: 401 * DAY, resets_at: NOW + 5 }, undefined, NOW + 5],
  ])('%j', (fields, wait, reset) => {
    expect(read({ error: { message: 'x', ...fields } })).toMatchObject({ wait, reset })
  })
})

describe('prose', () => {
  it.each([
    ['Please try again in 11.054s. Visit', 11_054],
    ['Please retry after 37 seconds', 37_000],
    ['Please wait 5631 seconds before retrying', 5_631_000],
    ['Please retry in 45.57s', 45_570],
    ['try again later: available in about 3 minutes', 180_000],
    ['retrying in ~ 2s', 2000],
    ['resets in 1h 43m', 6_180_000],
    ['will reset after 5 minutes and 3 seconds', 303_000],
    ['come back in another 2 hours', 7_200_000],
    ['regain access in 2 days', 172_800_000],
    ['wait at least 10 s', 10_000],
    ['retry your request after 9s', 9000],
    ['available again in 9s', 9000],
    ['retry in 5 minutes and then once more', 300_000],
    ['retry in 5 minutes, and then once more', 300_000],
    ['retry in 5 minutes, please', 300_000],
    ['retry in 5m,please', 300_000],
  ])('%s', (message, wait) => {
    expect(read({ error: { message } })).toEqual({ wait, reset: undefined, source: 'prose' })
  })

  it.each([
    ['resets at 2026-03-01T00:01:00Z (2056)', 'openai', NOW + 60_000],
    ['Your limit will reset at 2026-03-01 08:01:00', 'zai', NOW + 60_000],
    ['Your limit will reset at 2026-03-01 00:01:00', 'openai', NOW + 60_000],
    ['Your limit will reset at 2026-03-01 00:01:00', 'my-zai', NOW + 60_000],
    ['resets on 2026-03-02', 'openai', NOW + DAY],
    ['You will regain access on 2026-03-02 at 00:00 UTC.', 'anthropic', NOW + DAY],
    ['available again at 2026-03-02', 'openai', NOW + DAY],
    ['blocked until 2026-03-02', 'openai', NOW + DAY],
    ['retry after: 2026-03-02', 'openai', NOW + DAY],
    ['try again on 2026-03-02', 'openai', NOW + DAY],
    ['您的限额将在 2026-03-02 08:00:00 重置', 'minimax', NOW + DAY],
    ['您的限额将于2026-03-02 08:00:00重置', 'kimi-code', NOW + DAY],
  ])('%s of %s', (message, provider, reset) => {
    expect(read({ error: { message } }, { provider })).toEqual({ wait: undefined, reset, source: 'prose' })
  })

  it.each([
    [`Claude AI usage limit reached|${(NOW + DAY) / 1000}`, NOW + DAY],
    [`Claude AI usage limit reached | ${NOW + DAY}`, NOW + DAY],
    [`5-hour limit reached|${(NOW - DAY) / 1000}`, NOW - DAY],
    ['5-hour limit reached ∙ resets 1:30am (UTC)', NOW + 90 * 60_000],
    ["You've hit your limit · resets Mar 4, 9am (Asia/Tokyo)", NOW + 3 * DAY],
  ])('%s', (message, reset) => {
    expect(read({ error: { message } })).toEqual({ wait: undefined, reset, source: 'prose' })
  })

  it.each([
    `usage limit reached|${(NOW + 401 * DAY) / 1000}`,
    'usage limit reached|2056',
    'usage limit reached|17779365689',
    'usage limit reached|177793656890123',
    '1777936568 limit reached',
    'resets 1:30am',
    'resets 1:30am (Middle/Earth)',
  ])('%s promises no moment', (message) => {
    expect(read({ error: { message } })).toEqual(none)
  })

  it.each(['Retries: 3 s', 'waited for 12', 'in 9s', 'try again', 'seen at 2026-03-02', 'reset', 'retry in 9 parsecs'])(
    '%s promises nothing',
    (message) => {
      expect(read({ error: { message } })).toEqual(none)
    },
  )

  it('of an error page promises nothing', () => {
    expect(read('<html><body>Please try again in 30 seconds</body></html>')).toEqual(none)
  })
})

it('a wait counts from the evidence, and a reset that has passed is no wait', () => {
  expect(announcedWaitMs({}, NOW)).toBeUndefined()
  expect(announcedWaitMs({ retryAfterMs: 5, resetAt: NOW + 9 }, NOW)).toBe(5)
  expect(announcedWaitMs({ resetAt: NOW + 9 }, NOW)).toBe(9)
  expect(announcedWaitMs({ resetAt: NOW - 9 }, NOW)).toBe(0)
})

it.each<readonly [unknown, number | undefined]>([
  [1e12, 1e15],
  [1e12 + 1, 1e12 + 1],
  [1e9, NOW + 1e12],
  [1e9 + 1, (1e9 + 1) * 1000],
  [0, undefined],
  [-5, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  ['60', NOW + 60_000],
  [' 60 ', NOW + 60_000],
  ['2026-03-01', NOW],
  ['90m', NOW + 90 * 60_000],
  [null, undefined],
  [{}, undefined],
])('%j as a moment', (value, expected) => {
  expect(momentOf(value, NOW)).toBe(expected)
})
