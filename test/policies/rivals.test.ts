import { describe, expect, it } from 'vitest'
import { RIVALS } from '../../bench/policies/rivals.ts'
import type { Failure } from '../../src/failure/evidence.ts'
import type { FailureLabel } from '../../src/failure/labels.ts'
import { failureOf } from '../support/pool-fixtures.ts'

const NOW_MS = 1_000_000
const A = { name: 'a', token: 'a', coolUntilMs: 0 }
const B = { name: 'b', token: 'b', coolUntilMs: 0 }

function rival(name: string) {
  const found = RIVALS.find((each) => each.name === name)
  if (found === undefined) throw new Error(name)
  return found
}

const failed = (label: FailureLabel, times: Partial<Failure> = {}) => ({ ...failureOf(label, NOW_MS), ...times })
const after = (failures: number) => ({ nowMs: NOW_MS, failures, failuresHere: failures })

describe('each rival does what its name says', () => {
  it('retries three times, then falls back, whatever failed', () => {
    const { react, firstOnly } = rival('retry three times, then fall back')
    expect(firstOnly).toBe(true)
    for (const label of ['quota_exhausted', 'overloaded'] as const) {
      expect(react(failed(label), after(1))).toEqual({ kind: 'again', afterMs: 2000 })
      expect(react(failed(label), after(2))).toEqual({ kind: 'again', afterMs: 4000 })
      expect(react(failed(label), after(3))).toEqual({ kind: 'fallback' })
    }
  })

  it('cools for an hour whatever was announced', () => {
    const { react, choose } = rival('fixed cooldown of one hour')
    const announced = failed('quota_exhausted', { resetAt: NOW_MS + 60_000 })
    expect(react(announced, after(1))).toEqual({ kind: 'next', coolMs: 3_600_000 })
    expect(choose([A, B], 0.9)).toBe(A)
    expect(react(failed('overloaded'), after(1)).coolMs).toBeUndefined()
  })

  it('cools for 5 s, tries two others at random, then falls back', () => {
    const { react, choose } = rival('fixed cooldown of 5 s')
    expect(react(failed('quota_exhausted'), after(1))).toEqual({ kind: 'next', coolMs: 5000 })
    expect(react(failed('quota_exhausted'), after(3))).toEqual({ kind: 'fallback', coolMs: 5000 })
    expect([choose([A, B], 0.1), choose([A, B], 0.9)]).toEqual([A, B])
  })

  it('believes an announced reset to the millisecond', () => {
    const { react } = rival('trust the reset verbatim')
    const far = failed('quota_exhausted', { resetAt: NOW_MS + 40 * 86_400_000 })
    expect(react(far, after(1)).coolMs).toBe(40 * 86_400_000)
    expect(react(failed('rate_limit', { retryAfterMs: 7000 }), after(1)).coolMs).toBe(7000)
    expect(react(failed('quota_exhausted'), after(1)).coolMs).toBe(3_600_000)
  })

  it('remembers nothing and goes on in order', () => {
    const { react } = rival('stateless, in order')
    expect(react(failed('auth_revoked'), after(1))).toEqual({ kind: 'next' })
  })
})
