import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { newCredential, SECOND } from '../../test/support/pool-fixtures.ts'
import { refusingStore } from '../../test/support/refusing-store.ts'
import { Holder, HOLD_MS } from './holder.ts'
import { TrialDesk } from './trial-desk.ts'

const [CLAIM, END] = ['claimTrial', 'endTrial'] as const
const broken = new TypeError('a bug, not a disk')

async function desks() {
  const disk = refusingStore()
  for (const name of ['a', 'b']) await disk.store.addCredential(newCredential(name), 0)
  const platform = manualPlatform()
  const troubles: string[] = []
  const trouble = (error: { readonly code: string }) => troubles.push(error.code)
  const desk = (name: string) =>
    new TrialDesk(disk.store, platform.clock, new Holder(name, disk.store.places, platform, trouble), trouble)
  const claims = () => disk.calls.filter((call) => call === CLAIM).length
  return { ...disk, platform, troubles, claims, mine: desk('mine'), other: desk('other') }
}

describe('the single trial', () => {
  it('is one for each credential and scope, over all processes', async () => {
    const { mine, other } = await desks()
    expect(await mine.claim('cred_a', '*')).toBe('mine/1')
    expect(await mine.claim('cred_a', '*')).toBeUndefined()
    expect(await other.claim('cred_a', '*')).toBeUndefined()
    expect(await mine.claim('cred_a', 'gpt-5.5')).toBe('mine/2')
    expect(await mine.claim('cred_b', '*')).toBe('mine/3')
  })

  it('that is under way here asks nobody else', async () => {
    const { mine, claims } = await desks()
    const both = await Promise.all([mine.claim('cred_a', '*'), mine.claim('cred_a', '*')])
    expect(both).toEqual(['mine/1', undefined])
    expect(claims()).toBe(1)
  })

  it('is free after its end, and lasts while this process lives', async () => {
    const { mine, other, platform } = await desks()
    const claim = await mine.claim('cred_a', '*')
    for (let second = 0; second < 20; second += 1) {
      platform.advance(SECOND)
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
    }
    expect(await other.claim('cred_a', '*')).toBeUndefined()
    await mine.end(claim ?? '')
    expect(platform.waiting()).toBe(0)
    expect(await other.claim('cred_a', '*')).toBe('other/2')
    // Its end came late, or twice: the successor keeps it.
    await mine.end(claim ?? '')
    expect(await mine.claim('cred_a', '*')).toBeUndefined()
  })

  it('that somebody else has leaves nothing held here', async () => {
    const { mine, other, platform } = await desks()
    await other.claim('cred_a', '*')
    await mine.claim('cred_a', '*')
    expect(platform.waiting()).toBe(1)
    platform.advance(HOLD_MS + SECOND)
    // Not even in memory: once it is free it can be had.
    await other.end('other/1')
    expect(await mine.claim('cred_a', '*')).toBe('mine/2')
  })

  it('is single in this process while the store refuses, and no claim of another is ended by it', async () => {
    const { mine, refuse, troubles, calls, platform } = await desks()
    refuse('read_only', CLAIM)
    const claim = await mine.claim('cred_a', '*')
    expect([claim, troubles]).toEqual(['mine/1', ['read_only']])
    expect(await mine.claim('cred_a', '*')).toBeUndefined()
    expect(platform.waiting()).toBe(1)
    await mine.end('mine/1')
    expect([platform.waiting(), calls.includes(END)]).toEqual([0, false])
    expect(await mine.claim('cred_a', '*')).toBe('mine/2')
  })

  it.each([
    ['is closed', 'closed'],
    ['has a bug', broken],
  ] as const)('is nobody’s when the store %s', async (_, error) => {
    const { mine, refuse, troubles, platform } = await desks()
    refuse(error, CLAIM)
    await expect(mine.claim('cred_a', '*')).rejects.toThrow(error === broken ? broken.message : 'refused for a test')
    expect([troubles, platform.waiting()]).toEqual([[], 0])
    refuse('full')
    expect(await mine.claim('cred_a', '*')).toBe('mine/2')
  })

  it('ends here also when the store does not hear of it', async () => {
    const { mine, refuse, troubles, platform } = await desks()
    for (const scope of ['*', 'm', 'n']) await mine.claim('cred_a', scope)
    refuse('closed', END)
    await mine.end('mine/3')
    expect(troubles).toEqual([])
    refuse('locked', END)
    await mine.end('mine/1')
    expect([troubles, platform.waiting()]).toEqual([['locked'], 1])
    refuse(broken, END)
    await expect(mine.end('mine/2')).rejects.toBe(broken)
    await mine.end('never')
    expect(platform.waiting()).toBe(0)
  })
})
