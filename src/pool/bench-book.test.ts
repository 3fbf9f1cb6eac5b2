import { describe, expect, it } from 'vitest'
import { benchOf, DAY, newCredential, START } from '../../test/support/pool-fixtures.ts'
import { refusingStore } from '../../test/support/refusing-store.ts'
import type { Bench } from './bench.ts'
import { BenchBook } from './bench-book.ts'

const WRITE = 'changeBench'
const broken = new TypeError('a bug, not a disk')

async function book(...names: readonly string[]) {
  const disk = refusingStore()
  for (const name of names.length === 0 ? ['a'] : names) await disk.store.addCredential(newCredential(name), 0)
  const troubles: string[] = []
  const told = new BenchBook(disk.store, (error, id) => troubles.push(`${error.code} ${id ?? '-'}`))
  await told.view()
  return {
    ...disk,
    troubles,
    book: told,
    put: (bench: Bench | null | undefined) => told.change('cred_a', bench?.scope ?? '*', () => bench),
    stored: async () => (await disk.store.snapshot()).benches,
    seen: async () => (await told.view()).benchesOf('cred_a'),
  }
}

describe('reading', () => {
  it('gives the same view while nothing has changed, and none before the first look', async () => {
    const { store } = refusingStore()
    const fresh = new BenchBook(store, () => undefined)
    expect(fresh.latest).toBeUndefined()
    const first = await fresh.view()
    expect(await fresh.view()).toBe(first)
    expect(fresh.latest).toBe(first)
    await store.addCredential(newCredential('a'), 0)
    const second = await fresh.view()
    expect(second).not.toBe(first)
    expect(second.credential('cred_a')?.label).toBe('a')
  })

  it('passes on how old the answer may be, by default not at all', async () => {
    const ages: (number | undefined)[] = []
    const { store } = refusingStore()
    const asked = new BenchBook(
      new Proxy(store, {
        get: (target, key) =>
          key === 'snapshot'
            ? (age?: number) => {
                ages.push(age)
                return target.snapshot(age)
              }
            : (Reflect.get(target, key) as unknown),
      }),
      () => undefined,
    )
    await asked.view()
    await asked.view(25)
    expect(ages).toEqual([0, 25])
  })

  it('goes on with what it knew when the store refuses, and says so', async () => {
    const { book: it, refuse, troubles } = await book()
    const known = await it.view()
    refuse('locked', 'snapshot')
    expect(await it.view()).toBe(known)
    expect(troubles).toEqual(['locked -'])
  })

  it('fails when the store never answered, is closed, or has a bug', async () => {
    const disk = refusingStore()
    disk.refuse('locked', 'snapshot')
    await expect(new BenchBook(disk.store, () => undefined).view()).rejects.toMatchObject({ code: 'locked' })
    const { book: known, refuse, troubles } = await book()
    refuse('closed', 'snapshot')
    await expect(known.view()).rejects.toMatchObject({ code: 'closed' })
    refuse(broken, 'snapshot')
    await expect(known.view()).rejects.toBe(broken)
    expect(troubles).toEqual([])
  })
})

describe('a change', () => {
  it('tells what stands, what stood before, and whether anything happened', async () => {
    const { put } = await book()
    const [one, two] = [benchOf({ strikes: 1 }), benchOf({ strikes: 2 })]
    expect(await put(one)).toEqual({ bench: one, before: undefined, changed: true })
    expect(await put(two)).toEqual({ bench: two, before: one, changed: true })
    expect(await put(undefined)).toEqual({ bench: two, before: two, changed: false })
    expect(await put(null)).toEqual({ bench: undefined, before: two, changed: true })
  })

  it('that the store refuses is kept in memory, scope by scope', async () => {
    const { put, refuse, troubles, seen, stored, book: it } = await book()
    expect(it.keepsUnwritten).toBe(false)
    refuse('full', WRITE)
    const [whole, model] = [benchOf(), benchOf({ scope: 'gpt-5.5' })]
    expect(await put(whole)).toEqual({ bench: whole, before: undefined, changed: true })
    expect(await put(model)).toEqual({ bench: model, before: undefined, changed: true })
    expect(await put({ ...model, strikes: 2 })).toMatchObject({ before: model, changed: true })
    expect(await seen()).toEqual([whole, { ...model, strikes: 2 }])
    expect([await stored(), it.keepsUnwritten]).toEqual([[], true])
    expect(troubles).toEqual(['full cred_a', 'full cred_a', 'full cred_a'])
  })

  it('of nothing is nothing, in memory too', async () => {
    const { put, refuse, seen, book: it } = await book()
    await put(benchOf())
    refuse('full', WRITE)
    expect(await put(undefined)).toEqual({ bench: benchOf(), before: benchOf(), changed: false })
    expect([await seen(), it.keepsUnwritten]).toEqual([[benchOf()], false])
  })

  it('of somebody who is not there is nothing', async () => {
    const { book: it, refuse } = await book()
    refuse('full', WRITE)
    const asked: unknown[] = []
    const change = () => {
      asked.push('asked')
      return benchOf()
    }
    expect(await it.change('cred_none', '*', change)).toEqual({ bench: undefined, before: undefined, changed: false })
    expect([asked, it.keepsUnwritten]).toEqual([[], false])
    const blind = refusingStore()
    blind.refuse('full', WRITE)
    const never = new BenchBook(blind.store, () => undefined)
    expect(await never.change('cred_a', '*', change)).toEqual({ bench: undefined, before: undefined, changed: false })
  })

  it('that lifts a stored bench holds although the disk refuses it', async () => {
    const { put, refuse, seen, book: it } = await book()
    await put(benchOf({ dead: true }))
    refuse('read_only', WRITE)
    expect(await put(null)).toMatchObject({ bench: undefined, changed: true })
    expect(await seen()).toEqual([benchOf({ dead: false, untilMs: 0, trialAtMs: 0 })])
    expect(it.keepsUnwritten).toBe(true)
  })

  it('that lifts nothing leaves nothing to write', async () => {
    const { put, refuse, seen, book: it } = await book()
    refuse('read_only', WRITE)
    await put(null)
    expect([await seen(), it.keepsUnwritten]).toEqual([[], false])
  })

  it('fails when the store is closed or has a bug', async () => {
    const { put, refuse, troubles, book: it } = await book()
    refuse('closed', WRITE)
    await expect(put(benchOf())).rejects.toMatchObject({ code: 'closed' })
    refuse(broken, WRITE)
    await expect(put(benchOf())).rejects.toBe(broken)
    expect([troubles, it.keepsUnwritten]).toEqual([[], false])
  })
})

describe('what only memory knows', () => {
  const kept = benchOf({ strikes: 3 })
  async function keeping() {
    const it = await book('a', 'b')
    it.refuse('full', WRITE)
    await it.put(kept)
    it.refuse('full')
    return it
  }

  it('is what the next verdict goes on from, and is written with it', async () => {
    const { put, stored, book: it } = await keeping()
    expect(await put({ ...kept, strikes: 4 })).toMatchObject({ before: kept, changed: true })
    expect([await stored(), it.keepsUnwritten]).toEqual([[{ ...kept, strikes: 4 }], false])
  })

  it('is written also when the next verdict changes nothing', async () => {
    const { put, stored, seen, book: it } = await keeping()
    expect(await put(undefined)).toMatchObject({ bench: kept, before: kept })
    expect([await stored(), await seen(), it.keepsUnwritten]).toEqual([[kept], [kept], false])
  })

  it('is lifted by the next verdict that lifts', async () => {
    const { put, stored, seen } = await keeping()
    await put(null)
    expect([await stored(), await seen()]).toEqual([[], []])
  })

  it.each([
    [
      'a new key',
      (store: Awaited<ReturnType<typeof keeping>>['store']) => store.replaceSecret('cred_a', { token: 't' }, 'f2'),
    ],
    ['a reset', (store: Awaited<ReturnType<typeof keeping>>['store']) => store.resetCredential('cred_a', START)],
  ])('counts no more after %s', async (_, beat) => {
    const { put, store, stored, seen, book: it } = await keeping()
    await beat(store)
    expect(await seen()).toEqual([])
    expect(await put(undefined)).toMatchObject({ bench: undefined, before: undefined, changed: false })
    expect([await stored(), it.keepsUnwritten]).toEqual([[], false])
  })

  it('counts no more after a reset of the same moment', async () => {
    const { put, store } = await keeping()
    await store.resetCredential('cred_a', kept.sinceMs)
    expect((await put(undefined)).before).toBeUndefined()
  })

  it('still counts after a reset that was before it', async () => {
    const { put, store } = await keeping()
    await store.resetCredential('cred_a', kept.sinceMs - 1)
    expect((await put(undefined)).before).toEqual(kept)
  })

  it('is written by the next flush, and then forgotten', async () => {
    const { book: it, stored, seen, calls } = await keeping()
    const before = await it.view()
    expect(await it.flush()).toBe(true)
    expect([await stored(), await seen(), it.keepsUnwritten]).toEqual([[kept], [kept], false])
    expect((await it.view()).unwrittenIds).toEqual([])
    expect(before.unwrittenIds).toEqual(['cred_a'])
    const writes = calls.filter((call) => call === WRITE).length
    expect(await it.flush()).toBe(true)
    expect(calls.filter((call) => call === WRITE)).toHaveLength(writes)
  })

  it('is not flushed over what another process found since', async () => {
    const { store, book: it, stored } = await keeping()
    const newer = benchOf({ sinceMs: kept.sinceMs + 1, untilMs: START + DAY })
    await store.changeBench('cred_a', '*', () => newer)
    expect(await it.flush()).toBe(true)
    expect(await stored()).toEqual([newer])
  })

  it('is flushed over what was found at the same moment or before', async () => {
    const { store, book: it, stored } = await keeping()
    await store.changeBench('cred_a', '*', () => benchOf({ strikes: 1 }))
    expect(await it.flush()).toBe(true)
    expect(await stored()).toEqual([kept])
  })

  it('is not flushed after a new key', async () => {
    const { store, book: it, stored } = await keeping()
    await store.replaceSecret('cred_a', { token: 't' }, 'f2')
    expect(await it.flush()).toBe(true)
    expect([await stored(), it.keepsUnwritten]).toEqual([[], false])
  })

  it('is kept while the store goes on refusing', async () => {
    const { book: it, refuse, seen } = await keeping()
    refuse('full', WRITE)
    expect(await it.flush()).toBe(false)
    expect([await seen(), it.keepsUnwritten]).toEqual([[kept], true])
    refuse(broken, WRITE)
    await expect(it.flush()).rejects.toBe(broken)
  })
})
