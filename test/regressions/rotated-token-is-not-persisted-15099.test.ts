import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/pool/store-contract.ts'
import { refreshWorld } from '../support/refresh-world.ts'

const MANNERS = ['look', 'begin', 'commit', 'end', 'setAside', 'asides', 'dropAside'] as const

/** The store of a world, with what it was asked in order, and `commit` refused while told so. */
async function watched(refuses: () => boolean) {
  const world = await refreshWorld()
  const { refreshes } = world.store
  const asked: string[] = []
  const store = Object.fromEntries(
    MANNERS.map((name) => [
      name,
      (...given: unknown[]) => {
        asked.push(name)
        if (name === 'commit' && refuses()) return Promise.reject(new StoreError('read_only', 'cannot be replaced'))
        return Reflect.apply(refreshes[name], refreshes, given) as unknown
      },
    ]),
  ) as unknown as typeof refreshes
  return { ...world, asked, process: () => world.process({ store }) }
}

describe('a rotated token', () => {
  it('is stored before anybody gets it, also when the caller has left (15099)', async () => {
    const { process, credential, store, asked } = await watched(() => false)
    const cut = new AbortController()
    const one = process()
    const waiting = one.renew(await credential(), 1, { ms: 60_000, signal: cut.signal })
    cut.abort()
    await waiting
    await one.close()
    expect(await store.readSecret('cred_work')).toMatchObject({ token: 'at_1', refreshToken: 'rt_1' })
    expect(asked.filter((name) => name === 'setAside' || name === 'commit')).toEqual(['setAside', 'commit'])
  })

  it('that the store refuses is kept beside it, and outlives the process (109799: WinError 5 on replace)', async () => {
    let refuses = true
    const { process, credential, store, server } = await watched(() => refuses)
    const login = await credential()
    expect(await process().renew(login, 1, { ms: 60_000 })).toMatchObject({ kind: 'renewed', saved: false })
    refuses = false
    await process().recover()
    expect(await store.readSecret('cred_work')).toMatchObject({ token: 'at_1', refreshToken: 'rt_1' })
    expect(server).toMatchObject({ posts: 1, reuses: 0 })
  })

  it('that the store refuses is said loudly, with what became of it (113816, 113023: one line at DEBUG)', async () => {
    const { process, credential, troubles } = await watched(() => true)
    await process().renew(await credential(), 1, { ms: 60_000 })
    expect(troubles).toEqual([
      expect.stringMatching(/^REFRESHED TOKENS NOT STORED: .*cred_work is kept in .*: cannot be replaced$/),
    ])
    expect(troubles.join()).not.toMatch(/at_1|rt_1/)
  })
})
