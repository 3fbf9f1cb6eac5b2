import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE } from '../../test/support/pool-fixtures.ts'
import { leftOf, mergeQuota, type QuotaReading, tightestWindow } from './quota.ts'

const NOW = 1_767_225_600_000

function reading(given: Partial<QuotaReading> = {}): QuotaReading {
  return { credentialId: 'cred_a', windows: [], source: 'header', readAtMs: NOW, ...given }
}

const FIVE_HOURS = { name: '5h', usedPercent: 40, windowMinutes: 300, resetAt: NOW + 2 * HOUR }
const WEEK = { name: '7d', usedPercent: 70, windowMinutes: 10_080, resetAt: NOW + 3 * DAY }

describe('merging readings', () => {
  it('replaces windows by name and model, and keeps those that were not told', () => {
    const first = mergeQuota(undefined, reading({ windows: [FIVE_HOURS, WEEK], planType: 'plus' }))
    const own = { ...FIVE_HOURS, usedPercent: 90, model: 'spark' }
    const second = mergeQuota(
      first,
      reading({ windows: [{ ...FIVE_HOURS, usedPercent: 41 }, own], source: 'usage', readAtMs: NOW + 1 }),
    )
    expect(second.planType).toBe('plus')
    expect(second.windows.map(({ name, model, usedPercent, source }) => [name, model, usedPercent, source])).toEqual([
      ['5h', undefined, 41, 'usage'],
      ['5h', 'spark', 90, 'usage'],
      ['7d', undefined, 70, 'header'],
    ])
  })

  it('lets the newer word count, whichever arrives last', () => {
    const newer = mergeQuota(undefined, reading({ windows: [{ ...WEEK, usedPercent: 80 }], readAtMs: NOW + 5 }))
    const late = mergeQuota(newer, reading({ windows: [{ ...WEEK, usedPercent: 10 }], readAtMs: NOW + 4 }))
    expect(late.windows[0]?.usedPercent).toBe(80)
  })

  it('lets the later of two words of one moment count', () => {
    const first = mergeQuota(undefined, reading({ windows: [{ ...WEEK, usedPercent: 80 }] }))
    expect(mergeQuota(first, reading({ windows: [{ ...WEEK, usedPercent: 10 }] })).windows[0]?.usedPercent).toBe(10)
  })

  it('keeps plan and credits until they are told again, and invents none', () => {
    expect(mergeQuota(undefined, reading())).toEqual({ credentialId: 'cred_a', windows: [] })
    const told = mergeQuota(undefined, reading({ planType: 'plus', creditsBalance: 12.5 }))
    expect(told).toEqual({ credentialId: 'cred_a', windows: [], planType: 'plus', creditsBalance: 12.5 })
    expect(mergeQuota(told, reading())).toEqual(told)
    expect(mergeQuota(told, reading({ planType: 'pro', creditsBalance: 0 }))).toMatchObject({
      planType: 'pro',
      creditsBalance: 0,
    })
  })

  it('stays bounded when every answer invents a window, and takes no nonsense', () => {
    let quota = mergeQuota(undefined, reading({ windows: [{ name: 'odd', usedPercent: Number.NaN }] }))
    expect(quota.windows).toEqual([])
    for (let answer = 0; answer < 100; answer += 1) {
      quota = mergeQuota(quota, reading({ windows: [{ name: `w${answer}`, usedPercent: 1 }], readAtMs: NOW + answer }))
    }
    expect(quota.windows).toHaveLength(32)
    expect(quota.windows[0]?.name).toBe('w99')
  })
})

describe('the tightest window', () => {
  const quota = mergeQuota(
    undefined,
    reading({ windows: [FIVE_HOURS, WEEK, { ...FIVE_HOURS, usedPercent: 99, model: 'spark' }] }),
  )

  it('is the one with least left, of the account and of the model that is asked for', () => {
    expect(tightestWindow(quota, 'gpt-5.5', NOW)).toMatchObject({ window: { name: '7d' }, leftPercent: 30 })
    expect(tightestWindow(quota, 'spark', NOW)).toMatchObject({ window: { model: 'spark' }, leftPercent: 1 })
    expect(tightestWindow(quota, undefined, NOW)).toMatchObject({ window: { name: '7d' } })
    expect(tightestWindow(undefined, 'gpt-5.5', NOW)).toBeUndefined()
  })

  it('is the first told among equals', () => {
    const equals = mergeQuota(undefined, reading({ windows: [WEEK, { ...WEEK, name: '30d' }] }))
    expect(tightestWindow(equals, undefined, NOW)?.window.name).toBe('7d')
    expect(tightestWindow(mergeQuota(undefined, reading()), undefined, NOW)).toBeUndefined()
  })

  it('never has less than nothing left nor more than all', () => {
    expect(leftOf({ name: 'w', usedPercent: 130 }, NOW)).toBe(0)
    expect(leftOf({ name: 'w', usedPercent: -5 }, NOW)).toBe(100)
  })

  it.each<[string, QuotaReading['windows'][number], QuotaReading['source'], boolean]>([
    ['an hour long', { name: 'w', usedPercent: 1, windowMinutes: 60 }, 'header', true],
    ['a minute less', { name: 'w', usedPercent: 1, windowMinutes: 59, resetAt: NOW + DAY }, 'header', false],
    ['reset an hour after it was read', { name: 'w', usedPercent: 1, resetAt: NOW + HOUR }, 'header', true],
    ['reset a moment sooner', { name: 'w', usedPercent: 1, resetAt: NOW + HOUR - 1 }, 'header', false],
    ['without times, told by a usage endpoint', { name: 'w', usedPercent: 1 }, 'usage', true],
    ['without times, told by a header', { name: 'w', usedPercent: 1 }, 'header', false],
  ])('lasts when it is %s', (_, window, source, does) => {
    const told = mergeQuota(undefined, reading({ windows: [window], source }))
    expect(tightestWindow(told, undefined, NOW) !== undefined).toBe(does)
  })

  it('lasted when it was read, although its reset is near now', () => {
    const told = mergeQuota(undefined, reading({ windows: [{ name: 'w', usedPercent: 60, resetAt: NOW + HOUR }] }))
    expect(tightestWindow(told, undefined, NOW + HOUR - 1)?.leftPercent).toBe(40)
  })

  it('counts as untouched from its reset on, not a moment before', () => {
    expect(leftOf(WEEK, NOW + 3 * DAY - 1)).toBe(30)
    expect(leftOf(WEEK, NOW + 3 * DAY)).toBe(100)
  })

  it('never is a throttle of a minute: moving a session for it would cost its cache', () => {
    const throttles = mergeQuota(
      undefined,
      reading({
        windows: [
          { name: 'tokens', usedPercent: 99, resetAt: NOW + MINUTE },
          { name: 'requests', usedPercent: 99, windowMinutes: 1 },
          { name: 'unknown', usedPercent: 99 },
          { name: 'day', usedPercent: 50, resetAt: NOW + 2 * HOUR },
        ],
      }),
    )
    expect(tightestWindow(throttles, 'm', NOW)).toMatchObject({ window: { name: 'day' }, leftPercent: 50 })
  })
})
