import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { SECOND, START } from '../../test/support/pool-fixtures.ts'
import type { Timers } from '../platform/timers.ts'
import { Holder, HOLD_MS } from './holder.ts'
import { StoreError } from './store-contract.ts'

function living(answer: () => Promise<void> = () => Promise.resolve()) {
  const platform = manualPlatform(START)
  const beats: number[] = []
  const troubles: string[] = []
  const places = {
    take: () => Promise.resolve(true),
    giveBack: () => Promise.resolve(),
    takenByOthers: () => Promise.resolve(new Map<string, number>()),
    keepAlive: (name: string, untilMs: number) => {
      expect(name).toBe('me')
      beats.push(untilMs - platform.clock.now())
      return answer()
    },
  }
  const unrefs: (boolean | undefined)[] = []
  const timers: Timers = {
    ...platform.timers,
    after: (ms, callback, options) => {
      unrefs.push(options?.unref)
      return platform.timers.after(ms, callback)
    },
  }
  const holder = new Holder('me', places, { clock: platform.clock, timers }, (error) => troubles.push(error.code))
  /** A second passes, and what it set off is done. */
  const second = async () => {
    platform.advance(SECOND)
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
  }
  return { platform, beats, troubles, holder, second, unrefs }
}

describe('the sign of life', () => {
  it('is given every second while something is held, and each time for as long', async () => {
    const { holder, beats, second, platform, unrefs } = living()
    expect(platform.waiting()).toBe(0)
    holder.hold()
    platform.advance(SECOND - 1)
    expect(beats).toEqual([])
    platform.advance(1)
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
    await second()
    await second()
    expect(beats).toEqual([HOLD_MS, HOLD_MS, HOLD_MS])
    expect(holder.untilMs()).toBe(platform.clock.now() + HOLD_MS)
    // A process that has nothing else to do may end.
    expect(new Set(unrefs)).toEqual(new Set([true]))
  })

  it('is one for all that is held, and ends with the last of it', async () => {
    const { holder, beats, second, platform } = living()
    holder.hold()
    holder.hold()
    expect(platform.waiting()).toBe(1)
    holder.letGo()
    await second()
    expect(beats).toHaveLength(1)
    holder.letGo()
    expect(platform.waiting()).toBe(0)
    await second()
    expect(beats).toHaveLength(1)
    holder.hold()
    await second()
    expect(beats).toHaveLength(2)
  })

  it('is not armed again when the last was let go during a beat', async () => {
    let end = () => {}
    const { holder, second, platform, beats } = living(() => new Promise((resolve) => (end = resolve)))
    holder.hold()
    await second()
    holder.letGo()
    end()
    await second()
    expect([platform.waiting(), beats.length]).toEqual([0, 1])
  })

  it('stays one when all was let go and held anew during a beat', async () => {
    let end = () => {}
    const { holder, second, platform } = living(() => new Promise((resolve) => (end = resolve)))
    holder.hold()
    platform.advance(SECOND)
    holder.letGo()
    holder.hold()
    end()
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
    expect(platform.waiting()).toBe(1)
    holder.letGo()
    await second()
    expect(platform.waiting()).toBe(0)
  })

  it('goes on when the store refuses; one that is closed is no trouble', async () => {
    let code: 'locked' | 'closed' = 'locked'
    const { holder, second, beats, troubles } = living(() => Promise.reject(new StoreError(code, 'refused')))
    holder.hold()
    await second()
    code = 'closed'
    await second()
    await second()
    expect([beats.length, troubles]).toEqual([3, ['locked']])
  })
})
