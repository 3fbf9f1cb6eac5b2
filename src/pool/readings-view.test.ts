import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { newCredential, START } from '../../test/support/pool-fixtures.ts'
import { refusingStore } from '../../test/support/refusing-store.ts'
import type { QuotaReading } from './quota.ts'
import { QuotaBook } from './quota-book.ts'
import { ReadingsView } from './readings-view.ts'
import { UseCounter } from './use-counter.ts'

const [CURRENT, ADD_USES, ADD_QUOTAS] = ['readings.current', 'readings.addUses', 'readings.addQuotas'] as const
const broken = new TypeError('a bug, not a disk')

const reading = (usedPercent: number, given: Partial<QuotaReading> = {}, name = '5h'): QuotaReading => ({
  credentialId: 'cred_a',
  windows: [{ name, usedPercent }],
  source: 'header',
  readAtMs: START,
  ...given,
})

async function seeing() {
  const disk = refusingStore()
  await disk.store.addCredential(newCredential('a'), 0)
  await disk.store.addCredential(newCredential('b'), 0)
  const platform = manualPlatform(START)
  const [uses, quotas] = [new UseCounter(disk.store), new QuotaBook(disk.store)]
  const troubles: string[] = []
  const view = new ReadingsView(disk.store, platform.clock, uses, quotas, (error) => troubles.push(error.code))
  const looks = () => disk.calls.filter((call) => call === CURRENT).length
  const used = (name = 'a') => view.usesOf(`cred_${name}`).count
  const windows = () => view.quotaOf('cred_a')?.windows.map(({ name, usedPercent }) => [name, usedPercent])
  return { ...disk, platform, uses, quotas, troubles, view, looks, used, windows }
}

describe('looking', () => {
  it('is done once for a quarter of a second, unless it is wanted now', async () => {
    const { view, looks, platform } = await seeing()
    await view.look()
    platform.advance(249)
    await view.look()
    expect(looks()).toBe(1)
    platform.advance(1)
    await view.look()
    expect(looks()).toBe(2)
    await view.look(true)
    expect(looks()).toBe(3)
    platform.advance(-250)
    await view.look()
    expect(looks()).toBe(4)
  })

  it('keeps what was seen when the store refuses; fails when it is closed or has a bug', async () => {
    const { view, uses, refuse, troubles, used } = await seeing()
    uses.count('cred_a', START)
    await uses.flush()
    await view.look()
    refuse('locked', CURRENT)
    await view.look(true)
    expect([used(), troubles]).toEqual([1, ['locked']])
    refuse('closed', CURRENT)
    await expect(view.look(true)).rejects.toMatchObject({ code: 'closed' })
    refuse(broken, CURRENT)
    await expect(view.look(true)).rejects.toBe(broken)
    expect(troubles).toHaveLength(1)
  })
})

describe('counters', () => {
  it('are the store’s and on top of them those of this process, each counted once at every moment', async () => {
    const { view, uses, used, store } = await seeing()
    await store.readings.addUses([{ credentialId: 'cred_a', count: 5, lastUsedAtMs: START - 9 }])
    await view.look()
    expect(view.usesOf('cred_a')).toEqual({ count: 5, lastUsedAtMs: START - 9 })
    uses.count('cred_a', START)
    expect(view.usesOf('cred_a')).toEqual({ count: 6, lastUsedAtMs: START })
    const flushing = uses.flush()
    uses.count('cred_a', START - 1)
    expect(view.usesOf('cred_a')).toEqual({ count: 7, lastUsedAtMs: START })
    await flushing
    expect(used()).toBe(7)
    await view.look(true)
    expect(used()).toBe(7)
    await uses.flush()
    expect(used()).toBe(7)
    await view.look(true)
    expect([used(), used('b')]).toEqual([7, 0])
    expect(view.usesOf('cred_b')).toEqual({ count: 0, lastUsedAtMs: 0 })
  })

  it('that are written while the store is read still count', async () => {
    const { view, uses, used, store } = await seeing()
    uses.count('cred_a', START)
    const current = store.readings.current.bind(store.readings)
    const stale = await current()
    const { readings } = store
    const slow = new Proxy(store, {
      get: (target, key) =>
        key === 'readings'
          ? new Proxy(readings, {
              get: (part, name) =>
                name === 'current'
                  ? async () => {
                      await uses.flush()
                      return stale
                    }
                  : (Reflect.get(part, name) as unknown),
            })
          : (Reflect.get(target, key) as unknown),
    })
    const racing = new ReadingsView(slow, manualPlatform(START).clock, uses, new QuotaBook(store), () => undefined)
    await racing.look()
    expect(racing.usesOf('cred_a').count).toBe(1)
    await view.look(true)
    expect(used()).toBe(1)
  })

  it('that the store refuses are kept, joined with what came since, and written later', async () => {
    const { uses, used, refuse, store } = await seeing()
    expect(await uses.flush()).toBe(true)
    uses.count('cred_a', START)
    refuse('full', ADD_USES)
    const flushing = uses.flush()
    uses.count('cred_a', START + 1)
    uses.count('cred_b', START + 2)
    expect(await flushing).toBe(false)
    expect([used('a'), used('b')]).toEqual([2, 1])
    refuse('full')
    expect(await uses.flush()).toBe(true)
    const { uses: written } = await store.readings.current()
    expect(written.get('cred_a')).toEqual({ count: 2, lastUsedAtMs: START + 1 })
    expect(written.get('cred_b')).toEqual({ count: 1, lastUsedAtMs: START + 2 })
  })

  it('have nothing left to do when the store is closed, and fail for a bug', async () => {
    const { uses, refuse, calls } = await seeing()
    await uses.flush()
    expect(calls).not.toContain(ADD_USES)
    uses.count('cred_a', START)
    refuse('closed', ADD_USES)
    expect(await uses.flush()).toBe(true)
    refuse(broken, ADD_USES)
    await expect(uses.flush()).rejects.toBe(broken)
  })
})

describe('windows', () => {
  it('are the store’s and on top of them those of this process, the newer word first', async () => {
    const { view, quotas, windows } = await seeing()
    expect(view.quotaOf('cred_a')).toBeUndefined()
    quotas.add('cred_a', reading(10))
    quotas.add('cred_a', reading(20, { readAtMs: START + 1, planType: 'plus' }, '7d'))
    expect(windows()).toEqual([
      ['7d', 20],
      ['5h', 10],
    ])
    await quotas.flush()
    expect(windows()).toHaveLength(2)
    quotas.add('cred_a', reading(30, { readAtMs: START + 2 }))
    expect(windows()?.[0]).toEqual(['5h', 30])
    await view.look(true)
    expect(windows()?.[0]).toEqual(['5h', 30])
    expect(view.quotaOf('cred_a')?.planType).toBe('plus')
    expect(view.quotaOf('cred_b')).toBeUndefined()
  })

  it('of one batch are joined by their time, not by their coming', async () => {
    const { quotas, store } = await seeing()
    quotas.add('cred_a', reading(80, { readAtMs: START + 5, planType: 'pro' }))
    quotas.add('cred_a', reading(10, { readAtMs: START + 4, planType: 'plus' }))
    quotas.add('cred_a', {
      ...reading(50, { readAtMs: START + 3 }),
      windows: [{ name: '5h', usedPercent: 50, model: 'm' }],
    })
    await quotas.flush()
    const quota = (await store.readings.current()).quotas.get('cred_a')
    expect(quota?.planType).toBe('pro')
    expect(quota?.windows.map(({ model, usedPercent }) => [model, usedPercent])).toEqual([
      [undefined, 80],
      ['m', 50],
    ])
  })

  it('of one moment are joined by their coming', async () => {
    const { quotas, windows } = await seeing()
    quotas.add('cred_a', reading(80))
    quotas.add('cred_a', reading(10))
    expect(windows()).toEqual([['5h', 10]])
  })

  it('of one batch are as many as anybody can look at, the newest of them', async () => {
    const { store } = await seeing()
    let written: readonly QuotaReading[] = []
    const readings = { addQuotas: async (batch: readonly QuotaReading[]) => void (written = batch) }
    const quotas = new QuotaBook(
      new Proxy(store, {
        get: (target, key) => (key === 'readings' ? readings : (Reflect.get(target, key) as unknown)),
      }),
    )
    for (let each = 0; each < 100; each += 1) quotas.add('cred_a', reading(1, { readAtMs: START + each }, `w${each}`))
    await quotas.flush()
    expect(written.map(({ windows }) => windows.length)).toEqual([64])
    expect(written[0]?.windows[0]?.name).toBe('w99')
  })

  it('that the store refuses are kept', async () => {
    const { quotas, refuse, windows } = await seeing()
    quotas.add('cred_a', reading(10))
    refuse('full', ADD_QUOTAS)
    expect([await quotas.flush(), windows()]).toEqual([false, [['5h', 10]]])
  })
})
