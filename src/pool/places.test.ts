import { describe, expect, it } from 'vitest'
import { requestOf, SECOND, testPool } from '../../test/support/pool-fixtures.ts'
import { HOLD_MS } from './holder.ts'
import { CredentialPool } from './pool.ts'
import type { Lease } from './lease.ts'

async function twoProcesses(limit: number, names = ['a', 'b']) {
  const first = await testPool(names, { maxConcurrentFor: () => limit })
  const { store, platform } = first
  const second = new CredentialPool({ store, platform, strategyFor: () => 'fill_first', maxConcurrentFor: () => limit })
  const lend = async (pool: CredentialPool): Promise<Lease | undefined> => {
    const acquired = await pool.acquire(requestOf())
    return acquired.kind === 'lease' ? acquired.lease : undefined
  }
  return { ...first, second, take: lend }
}

describe('calls at once per credential, over all processes', () => {
  it('never exceed the limit, and prefer another credential when one is full', async () => {
    const { pool, second, take } = await twoProcesses(2)
    const leases = await Promise.all([take(pool), take(second), take(pool), take(second), take(pool), take(second)])
    const labels = leases.map((lease) => lease?.credential.label)
    expect(labels.filter((label) => label === 'a')).toHaveLength(2)
    expect(labels.filter((label) => label === 'b')).toHaveLength(2)
    expect(labels.filter((label) => label === undefined)).toHaveLength(2)
    const nothing = await second.acquire(requestOf())
    expect(nothing).toMatchObject({ kind: 'nothing', why: { total: 2, busy: 2, benched: 0 } })
  })

  it('are free for others as soon as one is given back', async () => {
    const { pool, second, take } = await twoProcesses(1, ['a'])
    const lease = await take(pool)
    expect(await take(second)).toBeUndefined()
    await lease?.release()
    expect((await take(second))?.credential.label).toBe('a')
  })

  it('of a process that died are free within five seconds, of a living one never', async () => {
    const { platform, store, pool, take } = await twoProcesses(1, ['a'])
    const living = await take(pool)
    for (let second = 0; second < 20; second += 1) {
      platform.advance(SECOND)
      await Promise.resolve()
    }
    const other = new CredentialPool({ store, platform, strategyFor: () => 'fill_first', maxConcurrentFor: () => 1 })
    expect((await other.acquire(requestOf())).kind).toBe('nothing')
    await living?.release()

    const deadTimers = { ...platform.timers, after: () => () => undefined }
    const dying = new CredentialPool({
      store,
      platform: { ...platform, timers: deadTimers },
      strategyFor: () => 'fill_first',
      maxConcurrentFor: () => 1,
    })
    expect((await dying.acquire(requestOf())).kind).toBe('lease')
    platform.advance(HOLD_MS - 1)
    expect((await other.acquire(requestOf())).kind).toBe('nothing')
    platform.advance(1)
    expect((await other.acquire(requestOf())).kind).toBe('lease')
  })

  it('are told to people: in this process and elsewhere', async () => {
    const { pool, second, take } = await twoProcesses(3, ['a'])
    await take(pool)
    await take(second)
    await take(second)
    expect((await pool.describe())[0]).toMatchObject({ inFlight: 1, inFlightElsewhere: 2 })
  })
})
