import { describe, expect, it } from 'vitest'
import { headerTimes } from './header-times.ts'

const NOW = Date.UTC(2026, 2, 1)

function times(headers: Record<string, string>) {
  const found = headerTimes(headers, NOW)
  if (found !== undefined) expect(found.timeSource).toBe('header')
  return found && { wait: found.retryAfterMs, reset: found.resetAt }
}

describe('retry-after', () => {
  it.each<readonly [Record<string, string>, number | undefined]>([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': ' 1.5 ' }, 1500],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1500],
    [{ 'retry-after-ms': 'soon', 'retry-after': '9' }, 9000],
    [{ 'retry-after': '2m' }, 120_000],
    [{ 'retry-after': 'Sun, 01 Mar 2026 00:00:30 GMT' }, 30_000],
    [{ 'retry-after': ' Sun 01 Mar 2026 00:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Sat, 28 Feb 2026 23:00:00 GMT' }, 0],
  ])('%j', (headers, wait) => {
    expect(times(headers)).toEqual({ wait, reset: undefined })
  })

  it.each(['-7', 'soon', '7 apples', 'route 66', 'x7', '7x', '', '1.', '1 Mar 2026'])('%j says nothing', (value) => {
    expect(times({ 'retry-after': value })).toBeUndefined()
  })
})

describe('windows of Codex', () => {
  const full = { 'x-codex-primary-used-percent': '100' }

  it.each<readonly [Record<string, string>, number | undefined]>([
    [{ ...full, 'x-codex-primary-reset-after-seconds': '60' }, NOW + 60_000],
    [{ ...full, 'x-codex-primary-reset-at': '1777936568' }, 1_777_936_568_000],
    [{ ...full, 'x-codex-primary-reset-after-seconds': '60', 'x-codex-primary-reset-at': '1777936568' }, NOW + 60_000],
    [{ ...full }, undefined],
    [{ 'x-codex-primary-used-percent': '99.9', 'x-codex-primary-reset-after-seconds': '60' }, undefined],
    [{ 'x-codex-primary-reset-after-seconds': '60' }, undefined],
    [{ 'x-codex-secondary-used-percent': '130', 'x-codex-secondary-reset-after-seconds': '5' }, NOW + 5000],
    [
      {
        ...full,
        'x-codex-primary-reset-after-seconds': '60',
        'x-codex-secondary-used-percent': '100',
        'x-codex-secondary-reset-after-seconds': '90',
      },
      NOW + 90_000,
    ],
    [
      {
        ...full,
        'x-codex-primary-reset-after-seconds': '60',
        'x-codex-secondary-used-percent': '100',
        'x-codex-secondary-reset-after-seconds': '30',
      },
      NOW + 60_000,
    ],
  ])('%j', (headers, reset) => {
    expect(times(headers)).toEqual(reset === undefined ? undefined : { wait: undefined, reset })
  })

  it('stands beside a retry-after', () => {
    expect(times({ ...full, 'x-codex-primary-reset-after-seconds': '60', 'retry-after': '9' })).toEqual({
      wait: 9000,
      reset: NOW + 60_000,
    })
  })
})

describe("Anthropic's unified windows", () => {
  const prefix = 'anthropic-ratelimit-unified'
  const rejected = { [`${prefix}-status`]: 'rejected' }

  it.each<readonly [Record<string, string>, number | undefined]>([
    [{ ...rejected, [`${prefix}-reset`]: '1774472400' }, 1_774_472_400_000],
    [{ ...rejected, [`${prefix}-reset`]: '1774472400000' }, 1_774_472_400_000],
    [{ ...rejected, [`${prefix}-reset`]: '2026-03-25T21:00:00Z' }, 1_774_472_400_000],
    [{ ...rejected, [`${prefix}-reset`]: 'later' }, undefined],
    [{ ...rejected }, undefined],
    [{ [`${prefix}-status`]: 'allowed', [`${prefix}-reset`]: '1774472400' }, undefined],
    [
      {
        ...rejected,
        [`${prefix}-5h-status`]: 'rejected',
        [`${prefix}-5h-reset`]: '1774000000',
        [`${prefix}-reset`]: '1',
      },
      1_774_000_000_000,
    ],
    [
      {
        ...rejected,
        [`${prefix}-5h-status`]: 'allowed',
        [`${prefix}-5h-reset`]: '1774000000',
        [`${prefix}-reset`]: '1774472400',
      },
      1_774_472_400_000,
    ],
    [
      {
        ...rejected,
        [`${prefix}-5h-status`]: 'rejected',
        [`${prefix}-5h-reset`]: '1774000000',
        [`${prefix}-7d-status`]: 'rejected',
        [`${prefix}-7d-reset`]: '1774400000',
        [`${prefix}-overage-status`]: 'rejected',
        [`${prefix}-overage-reset`]: '1779999999',
      },
      1_774_400_000_000,
    ],
    [
      {
        ...rejected,
        [`${prefix}-7d-status`]: 'rejected',
        [`${prefix}-7d-reset`]: '1774400000',
        [`${prefix}-5h-status`]: 'rejected',
        [`${prefix}-5h-reset`]: '1774000000',
      },
      1_774_400_000_000,
    ],
  ])('%j', (headers, reset) => {
    expect(times(headers)).toEqual(reset === undefined ? undefined : { wait: undefined, reset })
  })
})

describe('rate windows with nothing left', () => {
  it.each<readonly [Record<string, string>, { wait?: number; reset?: number } | undefined]>([
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' }, { wait: 360_000 }],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '12' }, { wait: 12_000 }],
    [{ 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': '6m0s' }, undefined],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-tokens': '6m0s' }, undefined],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1788220800000' }, { reset: 1_788_220_800_000 }],
    [{ 'ratelimit-remaining': '0', 'ratelimit-reset': '1788220800' }, { reset: 1_788_220_800_000 }],
    [{ 'ratelimit-remaining': '0', 'ratelimit-reset': '1000000000' }, { wait: 1e12 }],
    [{ 'ratelimit-remaining': '0', 'ratelimit-reset': '1000000001' }, { reset: 1_000_000_001_000 }],
    [{ 'ratelimit-remaining': '0', 'ratelimit-reset': '1000000000000' }, { reset: 1e15 }],
    [
      { 'anthropic-ratelimit-requests-remaining': '0', 'anthropic-ratelimit-requests-reset': '2026-03-01T00:01:00Z' },
      { reset: NOW + 60_000 },
    ],
    [
      {
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': '2026-03-01T00:01:00Z',
      },
      { reset: NOW + 60_000 },
    ],
    [{ 'anthropic-ratelimit-requests-remaining': '0', 'anthropic-ratelimit-requests-reset': 'later' }, undefined],
    [{ 'x-rate-limit-reset-tokens': '9' }, { wait: 9000 }],
    [{ 'x-rate-limit-reset-requests': '9' }, { wait: 9000 }],
    [{ 'x-rate-limit-reset-images': '9' }, undefined],
    [{ 'x-rate-limit-reset-tokens': 'later' }, undefined],
    [{ 'y-ratelimit-remaining': '0', 'y-ratelimit-reset': '9' }, undefined],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m', 'retry-after': '5' }, { wait: 5000 }],
    [
      {
        'x-ratelimit-remaining-requests': '5',
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '2s',
      },
      { wait: 2000 },
    ],
  ])('%j', (headers, expected) => {
    const found = times(headers)
    expect(found).toEqual(expected && { wait: expected.wait, reset: expected.reset })
  })
})
