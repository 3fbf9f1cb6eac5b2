import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { WriteBehind } from './write-behind.ts'

/** @param left how often each source has something left */
function writing(left: Readonly<Record<string, number>> = { one: 0, two: 0 }) {
  const platform = manualPlatform()
  const writes = new WriteBehind(platform.timers)
  const flushed: string[] = []
  const remaining = { ...left }
  for (const name of Object.keys(left)) {
    writes.add({
      flush: async () => {
        flushed.push(name)
        remaining[name] = (remaining[name] ?? 0) - 1
        return remaining[name] < 0
      },
    })
  }
  const pass = async (ms: number) => {
    platform.advance(ms)
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
  }
  return { writes, flushed, platform, pass }
}

describe('writing behind', () => {
  it('keeps no process alive: what is left is written at its close', () => {
    const unrefs: (boolean | undefined)[] = []
    const { timers } = manualPlatform()
    const after: typeof timers.after = (ms, callback, options) => {
      unrefs.push(options?.unref)
      return timers.after(ms, callback)
    }
    new WriteBehind({ ...timers, after }).wake()
    expect(unrefs).toEqual([true])
  })

  it('waits for more for a fifth of a second, then writes all in their order, once', async () => {
    const { writes, flushed, platform, pass } = writing()
    expect(platform.waiting()).toBe(0)
    writes.wake()
    await pass(199)
    writes.wake()
    expect([flushed, platform.waiting()]).toEqual([[], 1])
    await pass(1)
    expect([flushed, platform.waiting()]).toEqual([['one', 'two'], 0])
    writes.wake()
    await pass(200)
    expect(flushed).toHaveLength(4)
  })

  it('comes back after five seconds when something is left, whoever it was, and writes the others all the same', async () => {
    const { writes, flushed, platform, pass } = writing({ one: 1, two: 0 })
    writes.wake()
    await pass(200)
    expect(flushed).toEqual(['one', 'two'])
    await pass(4_999)
    expect(flushed).toHaveLength(2)
    await pass(1)
    expect([flushed.length, platform.waiting()]).toEqual([4, 0])
  })

  it('writes one batch after the other, however often it is asked', async () => {
    const platform = manualPlatform()
    const writes = new WriteBehind(platform.timers)
    const story: string[] = []
    writes.add({
      flush: async () => {
        story.push('begin')
        await Promise.resolve()
        story.push('end')
        return true
      },
    })
    await Promise.all([writes.flush(), writes.flush()])
    expect(story).toEqual(['begin', 'end', 'begin', 'end'])
  })

  it('writes at its close what is kept, and leaves no timer', async () => {
    const { writes, flushed, platform, pass } = writing({ one: 1 })
    writes.wake()
    await writes.close()
    expect([flushed, platform.waiting()]).toEqual([['one'], 0])
    await pass(60_000)
    expect(flushed).toHaveLength(1)
    // Leases that are out may still end afterwards.
    writes.wake()
    await pass(200)
    expect(flushed).toHaveLength(2)
  })
})
