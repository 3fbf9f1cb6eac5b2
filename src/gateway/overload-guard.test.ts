import { expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import type { Platform } from '../platform/platform.ts'
import { OverloadGuard } from './overload-guard.ts'

const LIMITS = { maxCalls: 3, maxLagMs: 500 }

/** A guard whose looks come when the test says so. */
function watched() {
  let nowMs = 0
  let look = () => {}
  let stopped = false
  const platform: Platform = {
    ...manualPlatform(),
    clock: { now: () => nowMs, monotonic: () => nowMs },
    timers: {
      ...manualPlatform().timers,
      every: (_ms, callback) => {
        look = callback
        return () => {
          stopped = true
        }
      },
    },
  }
  const guard = new OverloadGuard(platform)
  return {
    guard,
    stopped: () => stopped,
    lookAfter(ms: number) {
      nowMs += ms
      look()
    },
  }
}

it('refuses the call that is one too many, with a time to come back', () => {
  const { guard } = watched()
  expect(guard.refusal(2, LIMITS)).toBeUndefined()
  expect(guard.refusal(3, LIMITS)).toMatchObject({ code: 'overloaded', headers: [['retry-after', '1']] })
  expect(guard.refusal(3, { ...LIMITS, maxCalls: 0 })).toBeUndefined()
})

it('refuses while the loop is lastingly late, not after one pause, and takes calls again at the first look in time', () => {
  const { guard, lookAfter } = watched()
  lookAfter(5_000)
  expect(guard.refusal(0, LIMITS)).toBeUndefined()
  lookAfter(700)
  expect(guard.refusal(0, LIMITS)).toBeUndefined()
  lookAfter(701)
  expect(guard.refusal(0, LIMITS)).toBeUndefined()
  lookAfter(701)
  expect(guard.refusal(0, LIMITS)).toMatchObject({ code: 'overloaded' })
  expect(guard.refusal(0, { ...LIMITS, maxLagMs: 0 })).toBeUndefined()
  lookAfter(200)
  expect(guard.refusal(0, LIMITS)).toBeUndefined()
})

it('stops looking when it is told to', () => {
  const { guard, stopped } = watched()
  guard.stop()
  expect(stopped()).toBe(true)
})
