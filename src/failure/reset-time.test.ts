import { describe, expect, it } from 'vitest'
import { classify } from './classify.ts'
import { parseDurationMs, parseMoment } from './durations.ts'
import { observeHttp } from './observe-http.ts'

const SEEN_AT_MS = Date.UTC(2026, 10, 24, 12)

function seen(body: unknown, headers: Record<string, string> = {}, provider = 'openai') {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return classify(observeHttp({ provider, api: 'responses', status: 429, headers, body: text, seenAtMs: SEEN_AT_MS }))
}

describe('parseDurationMs', () => {
  it.each([
    ['6m0s', 360_000],
    ['1s', 1000],
    ['40ms', 40],
    ['2m59.56s', 179_560],
    ['1h2m3s', 3_723_000],
    ['34.074824224s', 34_074.824_224],
    ['900ms', 900],
    ['68940s', 68_940_000],
    ['37 seconds', 37_000],
    ['1h 43m 56s', 6_236_000],
    ['5 minutes and 3 seconds', 303_000],
    ['3 days', 259_200_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBeCloseTo(ms, 3)
  })

  it.each(['', 'soon', '12', '5 parsecs', '3 msg', '1s then more', 's'])('%j is none', (text) => {
    expect(parseDurationMs(text)).toBeUndefined()
  })
})

describe('parseMoment', () => {
  it.each([
    ['2026-08-08T00:00:00Z', '2026-08-08T00:00:00.000Z'],
    ['2026-06-06T05:00:00+08:00', '2026-06-05T21:00:00.000Z'],
    ['2026-06-06 05:00:00', '2026-06-06T05:00:00.000Z'],
    ['2026-09-01', '2026-09-01T00:00:00.000Z'],
    ['2026-09-01 10:30 UTC', '2026-09-01T10:30:00.000Z'],
  ])('%s', (text, iso) => {
    expect(parseMoment(text)).toBe(Date.parse(iso))
  })

  it('reads a time without zone in the zone it is told', () => {
    expect(parseMoment('2026-03-06 22:19:54', 480)).toBe(Date.parse('2026-03-06T14:19:54Z'))
  })
})

describe('announced times', () => {
  it('prefers what the body says of its own window to a generic header', () => {
    const failure = seen({ error: { type: 'usage_limit_reached', resets_in_seconds: 13_872 } }, { 'retry-after': '60' })
    expect(failure).toMatchObject({ label: 'quota_exhausted', retryAfterMs: 13_872_000, timeSource: 'body' })
  })

  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '11.382867' }, 11_383],
    [{ 'retry-after-ms': '1500', 'retry-after': '2' }, 1500],
    [{ 'retry-after': 'Tue, 24 Nov 2026 12:00:30 GMT' }, 30_000],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' }, 360_000],
    [{ 'x-rate-limit-reset-tokens': '55' }, 55_000],
  ])('reads %j', (headers, ms) => {
    expect(seen('', headers).retryAfterMs).toBeCloseTo(ms, 3)
  })

  it('ignores a rate window that is not used up', () => {
    expect(
      seen('', { 'x-ratelimit-remaining-requests': '5', 'x-ratelimit-reset-requests': '6m0s' }).retryAfterMs,
    ).toBeUndefined()
  })

  it.each(['-5', 'NaN', 'soon', '1e99', '', '99999999999'])('ignores a retry-after of %j', (value) => {
    expect(seen('', { 'retry-after': value }).retryAfterMs).toBeUndefined()
  })

  it('takes epoch seconds, epoch ms and ISO text for the same moment', () => {
    for (const resets_at of [1_777_936_568, 1_777_936_568_000, '2026-05-04T23:16:08Z']) {
      expect(seen({ error: { type: 'usage_limit_reached', resets_at } }).resetAt).toBe(1_777_936_568_000)
    }
  })

  it('does not take a trailing error code for a delay', () => {
    const failure = seen(
      'usage limit exceeded, 5-hour usage limit reached, resets at 2026-06-06T05:00:00+08:00 (2056)',
      {},
      'minimax',
    )
    expect(failure).toMatchObject({ label: 'quota_exhausted', resetAt: Date.parse('2026-06-05T21:00:00Z') })
    expect(failure.retryAfterMs).toBeUndefined()
  })

  it('lets the duration settle a throttle against a window when words do not (49 s against 15 h)', () => {
    expect(seen({ error: { message: 'Your quota will reset after 49s.' } }).label).toBe('rate_limit')
    expect(seen({ error: { message: 'Your quota will reset after 15h57m40s.' } }).label).toBe('quota_exhausted')
    expect(seen({ error: { message: 'Rate limit exceeded' } }, { 'retry-after': '49' }).label).toBe('rate_limit')
    expect(seen({ error: { message: 'Rate limit exceeded' } }, { 'retry-after': '57460' }).label).toBe(
      'quota_exhausted',
    )
  })

  it('turns from throttle to window at ten minutes exactly', () => {
    expect(seen('', { 'retry-after': '599' }).label).toBe('rate_limit')
    expect(seen('', { 'retry-after': '600' }).label).toBe('quota_exhausted')
  })
})
