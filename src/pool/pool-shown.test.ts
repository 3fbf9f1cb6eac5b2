import { describe, expect, it } from 'vitest'
import {
  DAY,
  failureOf,
  MINUTE,
  newCredential,
  requestOf,
  SECOND,
  START,
  testPool,
  verdictOf,
} from '../../test/support/pool-fixtures.ts'
import { refusingStore } from '../../test/support/refusing-store.ts'
import { MemoryStore } from '../stores/memory.ts'
import { CredentialPool, type PoolOptions } from './pool.ts'
import type { QuotaReading } from './quota.ts'

const reading = (given: Partial<QuotaReading> = {}): QuotaReading => ({
  credentialId: 'cred_a',
  windows: [],
  source: 'header',
  readAtMs: START,
  ...given,
})
const file = newCredential('a', { source: { kind: 'file', path: '/k' } })
const gone: PoolOptions['references'] = { file: () => Promise.resolve({ kind: 'unreadable', why: 'no such file' }) }

describe('observing', () => {
  it.each<[string, Partial<QuotaReading>]>([
    ['windows', { windows: [{ name: '5h', usedPercent: 1 }] }],
    ['a plan', { planType: 'plus' }],
    ['credits', { creditsBalance: 0 }],
  ])('keeps %s, and writes it a moment later', async (_, given) => {
    const { pool, store, platform } = await testPool(['a'])
    pool.observe(reading(given))
    expect(platform.waiting()).toBe(1)
    await pool.close()
    expect((await store.readings.current()).quotas.get('cred_a')).toMatchObject(
      given.windows === undefined ? given : { windows: [{ name: '5h' }] },
    )
  })

  it('of nothing is nothing', async () => {
    const { pool, platform } = await testPool(['a'])
    pool.observe(reading())
    expect(platform.waiting()).toBe(0)
  })
})

describe('a pool of one', () => {
  it('is alone as last looked at, and not before it was', async () => {
    const { pool, store } = await testPool(['a'])
    expect(pool.isAlone('openai')).toBe(false)
    await pool.acquire(requestOf())
    expect([pool.isAlone('openai'), pool.isAlone('anthropic')]).toEqual([true, true])
    await store.addCredential(newCredential('b'), START)
    expect(pool.isAlone('openai')).toBe(true)
    await pool.acquire(requestOf())
    expect(pool.isAlone('openai')).toBe(false)
  })
})

describe('waiting for a place', () => {
  it('looks every 50 ms for those of other processes, where there is a limit', async () => {
    const limited = await testPool(['a'], { maxConcurrentFor: () => 1 })
    const looking = limited.pool.waitForChange('openai', 1000)
    limited.platform.advance(50)
    expect(await looking).toBe('changed')
    const free = await testPool(['a'])
    const waiting = free.pool.waitForChange('openai', 1000)
    free.platform.advance(50)
    expect(free.platform.waiting()).toBe(1)
    free.platform.advance(950)
    expect(await waiting).toBe('elapsed')
  })
})

describe('the outlook', () => {
  it('counts places of other processes', async () => {
    const given = { maxConcurrentFor: () => 1 }
    const { pool, store, platform } = await testPool(['a', 'b'], given)
    const other = new CredentialPool({ store, platform, strategyFor: () => 'fill_first', ...given })
    await other.acquire(requestOf())
    expect(await pool.outlook(requestOf())).toMatchObject({ ready: 1, why: { busy: 1 } })
  })

  it('looks at files', async () => {
    const { pool } = await testPool([file, 'b'], { references: gone })
    expect(await pool.outlook(requestOf())).toMatchObject({ ready: 1, why: { missing: 1 } })
  })
})

describe('the list', () => {
  it('is of one provider or of all', async () => {
    const { pool } = await testPool(['a', newCredential('z', { provider: 'anthropic' })])
    const labels = async (provider?: string) => (await pool.describe(provider)).map((each) => each.credential.label)
    expect(await labels()).toEqual(['z', 'a'])
    expect(await labels('openai')).toEqual(['a'])
    expect(await labels('nobody')).toEqual([])
  })

  it('looks at files, and asks for places only where there is a limit', async () => {
    const disk = refusingStore(new MemoryStore())
    const { pool } = await testPool([file], { store: disk.store, references: gone })
    expect((await pool.describe())[0]?.standing).toEqual({ kind: 'missing', why: '/k cannot be read: no such file' })
    expect(disk.calls).not.toContain('places.takenByOthers')
  })

  it('shows benches until exactly their end, and windows when any are known', async () => {
    const { pool, failWith, platform } = await testPool(['a'])
    await failWith('rate_limit', { retryAfterMs: 20 * SECOND })
    platform.advance(20 * SECOND - 1)
    const [before] = await pool.describe()
    expect(before?.benches).toHaveLength(1)
    expect(before).not.toHaveProperty('quota')
    platform.advance(1)
    pool.observe(reading({ planType: 'plus' }))
    expect((await pool.describe())[0]).toMatchObject({ benches: [], quota: { planType: 'plus' } })
  })

  it('reads counters again although they were read a moment ago', async () => {
    const { pool, store } = await testPool(['a'])
    await pool.describe()
    await store.readings.addUses([{ credentialId: 'cred_a', count: 4, lastUsedAtMs: START }])
    expect((await pool.describe())[0]?.uses.count).toBe(4)
  })

  it('names who is next: nobody by chance, unless there is only one; the trial when nobody is ready', async () => {
    const { pool, failWith, platform } = await testPool(['a', 'b'], { strategyFor: () => 'random' })
    const next = async () => (await pool.describe()).filter((each) => each.next).map((each) => each.credential.label)
    expect(await next()).toEqual([])
    await failWith('quota_exhausted', { resetAt: START + DAY }, { preferred: 'cred_a' })
    expect(await next()).toEqual(['b'])
    platform.advance(15 * MINUTE)
    await failWith('rate_limit', { retryAfterMs: 20 * SECOND }, { preferred: 'cred_b' })
    expect(await next()).toEqual(['a'])
  })

  it('names who is next by quota, with the percentage that is configured', async () => {
    const { pool, who } = await testPool(['a', 'b'], { strategyFor: () => 'quota_aware', avoidBelowFor: () => 50 })
    const left = (name: string, percent: number) =>
      pool.observe(
        reading({
          credentialId: `cred_${name}`,
          windows: [{ name: '5h', usedPercent: 100 - percent, windowMinutes: 300 }],
        }),
      )
    left('a', 90)
    left('b', 60)
    expect(await who()).toBe('a')
    left('a', 49)
    expect((await pool.describe()).map((each) => each.next)).toEqual([false, true])
    left('b', 48)
    expect(await who()).toBe('a')
  })
})

describe('troubles', () => {
  it('are told with what they are about', async () => {
    const disk = refusingStore(new MemoryStore())
    const told: unknown[] = []
    const { lend, platform } = await testPool(['a'], { store: disk.store, onTrouble: (trouble) => told.push(trouble) })
    const lease = await lend()
    disk.refuse('full', 'changeBench')
    await lease.fail(verdictOf(failureOf('billing', platform.clock.now())))
    await lease.release()
    disk.refuse('locked', 'snapshot')
    await lend().catch(() => undefined)
    expect(told[0]).toEqual({ kind: 'store_failed', message: 'full: refused for a test', credentialId: 'cred_a' })
    expect(told[1]).toEqual({
      kind: 'lease_ended_twice',
      message: 'lease ended twice: release after fail',
      credentialId: 'cred_a',
    })
    expect(told.at(-1)).toEqual({ kind: 'store_failed', message: 'locked: refused for a test' })
  })

  it('are survived where nobody wants to hear of them', async () => {
    const disk = refusingStore(new MemoryStore())
    await disk.store.addCredential(file, START)
    const { platform } = await testPool([])
    const pool = new CredentialPool({
      store: disk.store,
      platform,
      strategyFor: () => 'fill_first',
      references: {
        file: () => Promise.resolve({ kind: 'read', text: 'sk-one', mark: 'm', openToOthers: '644' }),
      },
    })
    const acquired = await pool.acquire(requestOf())
    if (acquired.kind !== 'lease') throw new Error('nothing lent')
    disk.refuse('full', 'changeBench')
    await acquired.lease.fail(verdictOf(failureOf('billing', START)))
    await expect(acquired.lease.release()).resolves.toBeUndefined()
  })

  it('about key files are of their own kind', async () => {
    const told: string[] = []
    const { lend } = await testPool([file], {
      references: { file: () => Promise.resolve({ kind: 'read', text: 'sk-one', mark: 'm', openToOthers: '644' }) },
      onTrouble: ({ kind }) => told.push(kind),
    })
    await lend()
    expect(told).toEqual(['secret_exposed'])
  })

  it('a secret that is gone names its credential', async () => {
    const { lend, store } = await testPool(['a'])
    const lease = await lend()
    await store.removeCredential('cred_a')
    await expect(lease.secret()).rejects.toThrow('credential a was removed')
  })
})
