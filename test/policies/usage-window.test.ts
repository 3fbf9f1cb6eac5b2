import { describe, expect, it } from 'vitest'
import { Account } from '../../bench/policies/account.ts'
import { Chance } from '../../bench/policies/chance.ts'
import { UsageWindow, type WindowPlan } from '../../bench/policies/usage-window.ts'

const HOUR_MS = 3_600_000
const FIVE_HOURS: WindowPlan = { name: '5h', lengthMs: 5 * HOUR_MS, counts: 'requests', limit: 2 }
const ONE = { requests: 1, tokens: 100 }
const T = 1_000_000

function fullWindow(): UsageWindow {
  const window = new UsageWindow(FIVE_HOURS)
  window.spend(ONE, T)
  window.spend(ONE, T + HOUR_MS)
  return window
}

describe('a usage window of the simulated world', () => {
  it('begins with its first use and is full at its limit', () => {
    const window = new UsageWindow(FIVE_HOURS)
    expect(window.resetAtMs(T)).toBeUndefined()
    window.spend(ONE, T)
    expect(window.fullUntilMs(T)).toBeUndefined()
    expect(window.usedPercent(T)).toBe(50)
    window.spend(ONE, T + HOUR_MS)
    expect(window.fullUntilMs(T + HOUR_MS)).toBe(T + 5 * HOUR_MS)
  })

  it('is full 1 ms before its reset and empty at it', () => {
    const window = fullWindow()
    expect(window.fullUntilMs(T + 5 * HOUR_MS - 1)).toBe(T + 5 * HOUR_MS)
    expect(window.fullUntilMs(T + 5 * HOUR_MS)).toBeUndefined()
    expect(window.usedPercent(T + 5 * HOUR_MS)).toBe(0)
  })

  it('can still be asked about the time before its reset: the meter looks back', () => {
    const window = fullWindow()
    expect(window.fullUntilMs(T + 9 * HOUR_MS)).toBeUndefined()
    expect(window.fullUntilMs(T + 2 * HOUR_MS)).toBe(T + 5 * HOUR_MS)
  })

  it('is emptied by an early reset and given room by a larger plan', () => {
    const early = fullWindow()
    early.resetEarly()
    expect(early.fullUntilMs(T + 2 * HOUR_MS)).toBeUndefined()
    const larger = fullWindow()
    larger.scaleLimit(2)
    expect(larger.usedPercent(T + 2 * HOUR_MS)).toBe(50)
  })
})

describe('an account of the simulated world', () => {
  const announcing = (what: 'exact' | 'tooLong' | 'tooShort' | 'missing') => {
    const announcements = { exact: 0, tooLong: 0, tooShort: 0, missing: 0, [what]: 1 }
    const account = new Account('account-1', { windows: [FIVE_HOURS] }, announcements, Chance.of('test'))
    account.spend(ONE, T)
    account.spend(ONE, T)
    const [window] = account.windows
    if (window === undefined) throw new Error('no window')
    return {
      account,
      announcedMs: account.announcedResetMs(window, T),
      again: account.announcedResetMs(window, T + HOUR_MS),
    }
  }

  it('serves again at the true reset, whatever was announced', () => {
    const { account } = announcing('tooLong')
    expect(account.freeFromMs(T)).toBe(T + 5 * HOUR_MS)
    expect(account.fullWindow(T + 5 * HOUR_MS - 1)).toBeDefined()
    expect(account.fullWindow(T + 5 * HOUR_MS)).toBeUndefined()
  })

  it('announces true, late, early and missing resets, and keeps to what it said', () => {
    expect(announcing('exact').announcedMs).toBe(T + 5 * HOUR_MS)
    expect(announcing('missing').announcedMs).toBeUndefined()
    const late = announcing('tooLong')
    expect(late.announcedMs).toBeGreaterThan(T + 5 * HOUR_MS)
    expect(late.again).toBe(late.announcedMs)
    expect(announcing('tooShort').announcedMs).toBeLessThan(T + 5 * HOUR_MS)
  })

  it('is lost by a revoked token until a new login', () => {
    const account = new Account(
      'account-1',
      { windows: [] },
      { exact: 1, tooLong: 0, tooShort: 0, missing: 0 },
      Chance.of('t'),
    )
    const before = account.token
    account.revoke()
    expect(account.freeFromMs(T)).toBe(Number.POSITIVE_INFINITY)
    account.logInAgain()
    expect(account.freeFromMs(T)).toBeLessThanOrEqual(T)
    expect(account.token).not.toBe(before)
  })
})
