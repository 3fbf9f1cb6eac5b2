import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { newCredential } from '../../test/support/pool-fixtures.ts'
import { refusingStore } from '../../test/support/refusing-store.ts'
import { Holder } from './holder.ts'
import { PlaceDesk } from './place-desk.ts'

const broken = new TypeError('a bug, not a disk')
const [TAKE, GIVE_BACK, OTHERS] = ['places.take', 'places.giveBack', 'places.takenByOthers'] as const

async function desks() {
  const disk = refusingStore()
  for (const name of ['a', 'b']) await disk.store.addCredential(newCredential(name), 0)
  disk.calls.length = 0
  const platform = manualPlatform()
  const troubles: string[] = []
  const desk = (name: string) => {
    const trouble = (error: { readonly code: string }) => troubles.push(error.code)
    return new PlaceDesk(
      disk.store.places,
      new Holder(name, disk.store.places, platform, trouble),
      platform.clock,
      trouble,
    )
  }
  return { ...disk, platform, troubles, mine: desk('mine'), other: desk('other') }
}

describe('counting', () => {
  it('without a limit stays in this process', async () => {
    const { mine, calls, platform } = await desks()
    const [first, second] = [await mine.take('cred_a', 0), await mine.take('cred_a', 0)]
    expect([mine.inFlight('cred_a'), mine.inFlight('cred_b'), mine.taken('cred_a')]).toEqual([2, 0, 2])
    await first?.()
    expect(mine.inFlight('cred_a')).toBe(1)
    await second?.()
    expect(mine.inFlight('cred_a')).toBe(0)
    expect([calls, platform.waiting()]).toEqual([[], 0])
  })

  it('with a limit sees others as last looked up, and adds them to its own', async () => {
    const { mine, other } = await desks()
    await other.take('cred_a', 3)
    await mine.take('cred_a', 3)
    expect([mine.taken('cred_a'), mine.elsewhere('cred_a')]).toEqual([1, 0])
    await mine.look()
    expect([mine.taken('cred_a'), mine.elsewhere('cred_a'), mine.inFlight('cred_a')]).toEqual([2, 1, 1])
    expect(mine.elsewhere('cred_b')).toBe(0)
  })

  it('tells whether anybody has no place left, here or with the others together', async () => {
    const { mine, other } = await desks()
    expect(mine.someFull(1)).toBe(false)
    await mine.take('cred_a', 3)
    expect([mine.someFull(1), mine.someFull(2)]).toEqual([true, false])
    await other.take('cred_a', 3)
    await mine.look()
    expect([mine.someFull(2), mine.someFull(3)]).toEqual([true, false])
    for (let place = 0; place < 3; place += 1) await other.take('cred_b', 3)
    await mine.look(true)
    expect([mine.someFull(3), mine.someFull(4)]).toEqual([true, false])
  })

  it('is there before anything is awaited', async () => {
    const { mine } = await desks()
    const taking = mine.take('cred_a', 1)
    expect(mine.inFlight('cred_a')).toBe(1)
    await taking
    expect(mine.inFlight('cred_a')).toBe(1)
  })
})

describe('looking at others', () => {
  it('is done once for a moment, unless it is wanted now', async () => {
    const { mine, calls, platform } = await desks()
    const looks = () => calls.filter((call) => call === OTHERS).length
    await mine.look()
    platform.advance(24)
    await mine.look()
    expect(looks()).toBe(1)
    platform.advance(1)
    await mine.look()
    expect(looks()).toBe(2)
    await mine.look(true)
    expect(looks()).toBe(3)
  })

  it('is done again after the clock was set back', async () => {
    const { mine, calls, platform } = await desks()
    await mine.look()
    platform.advance(-25)
    await mine.look()
    expect(calls).toEqual([OTHERS, OTHERS])
  })

  it('keeps what was seen when the store refuses; fails when it is closed or has a bug', async () => {
    const { mine, other, refuse, troubles } = await desks()
    await other.take('cred_a', 3)
    await mine.look()
    refuse('locked', OTHERS)
    await mine.look(true)
    expect([mine.elsewhere('cred_a'), troubles]).toEqual([1, ['locked']])
    refuse('closed', OTHERS)
    await expect(mine.look(true)).rejects.toMatchObject({ code: 'closed' })
    refuse(broken, OTHERS)
    await expect(mine.look(true)).rejects.toBe(broken)
    expect(troubles).toHaveLength(1)
  })
})

describe('taking a shared place', () => {
  it('fails when others have all: nothing is counted, and others are looked at again at once', async () => {
    const { mine, other, calls, platform } = await desks()
    await mine.look()
    await other.take('cred_a', 1)
    expect(await mine.take('cred_a', 1)).toBeUndefined()
    expect(mine.inFlight('cred_a')).toBe(0)
    calls.length = 0
    await mine.look()
    expect([calls, mine.elsewhere('cred_a')]).toEqual([[OTHERS], 1])
    // Only the other process gives signs of life: nothing is held here.
    expect(platform.waiting()).toBe(1)
  })

  it('gives signs of life until it is given back', async () => {
    const { mine, other, platform } = await desks()
    const giveBack = await mine.take('cred_a', 1)
    expect(platform.waiting()).toBe(1)
    expect(await other.take('cred_a', 1)).toBeUndefined()
    await giveBack?.()
    expect([platform.waiting(), mine.inFlight('cred_a')]).toEqual([0, 0])
    expect(await other.take('cred_a', 1)).toBeDefined()
  })

  it('keeps the limit in this process alone while the store refuses, and tells the store nothing at the end', async () => {
    const { mine, refuse, troubles, calls, platform } = await desks()
    refuse('read_only', TAKE)
    const taken = [await mine.take('cred_a', 2), await mine.take('cred_a', 2), await mine.take('cred_a', 2)]
    expect(taken.map((each) => each === undefined)).toEqual([false, false, true])
    expect([mine.inFlight('cred_a'), troubles]).toEqual([2, ['read_only', 'read_only', 'read_only']])
    for (const giveBack of taken) await giveBack?.()
    expect([mine.inFlight('cred_a'), platform.waiting()]).toEqual([0, 0])
    expect(calls).not.toContain(GIVE_BACK)
  })

  it.each(['closed', broken] as const)('fails and leaves nothing behind when the store is %s', async (error) => {
    const { mine, refuse, troubles, platform } = await desks()
    refuse(error, TAKE)
    await expect(mine.take('cred_a', 2)).rejects.toThrow(error === broken ? broken.message : 'refused for a test')
    expect([mine.inFlight('cred_a'), troubles, platform.waiting()]).toEqual([0, [], 0])
  })

  it('is over for this process also when the store does not take it back', async () => {
    const { mine, refuse, troubles } = await desks()
    const giveBack = [await mine.take('cred_a', 3), await mine.take('cred_a', 3), await mine.take('cred_a', 3)]
    refuse('locked', GIVE_BACK)
    await giveBack[0]?.()
    refuse('closed', GIVE_BACK)
    await giveBack[1]?.()
    expect([mine.inFlight('cred_a'), troubles]).toEqual([1, ['locked']])
    refuse(broken, GIVE_BACK)
    await expect(giveBack[2]?.()).rejects.toBe(broken)
  })
})
