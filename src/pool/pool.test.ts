import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import {
  DAY,
  failureOf,
  HOUR,
  MINUTE,
  newCredential,
  requestOf,
  SECOND,
  testPool,
  verdictOf,
} from '../../test/support/pool-fixtures.ts'
import { MemoryStore } from '../stores/memory.ts'
import { fingerprintOf } from './fingerprint.ts'
import { HOLD_MS } from './holder.ts'
import { CredentialPool } from './pool.ts'
import { StoreError, type StoreErrorCode } from './store-contract.ts'

/** A memory store whose writes can be refused, as a full disk does. */
class RefusingStore extends MemoryStore {
  refuse: StoreErrorCode | undefined
  refuseReads = false
  constructor() {
    super()
    const addUses = this.readings.addUses.bind(this.readings)
    this.readings.addUses = async (uses) => {
      this.#check()
      return addUses(uses)
    }
  }
  #check() {
    if (this.refuse !== undefined) throw new StoreError(this.refuse, 'refused for a test')
  }
  override async snapshot() {
    if (this.refuseReads) this.#check()
    return super.snapshot()
  }
  override async changeBench(...given: Parameters<MemoryStore['changeBench']>) {
    this.#check()
    return super.changeBench(...given)
  }
  override async claimTrial(...given: Parameters<MemoryStore['claimTrial']>) {
    this.#check()
    return super.claimTrial(...given)
  }
  override async nextTurn(provider: string) {
    this.#check()
    return super.nextTurn(provider)
  }
}

/** The timers of a process that was killed: nothing fires any more. */
const deadTimers = { ...manualPlatform().timers, after: () => () => undefined, every: () => () => undefined }

describe('lending', () => {
  it('lends in priority order, only from the pool that was asked', async () => {
    const { who, store, pool } = await testPool(['a', 'b', newCredential('z', { provider: 'anthropic', priority: -1 })])
    expect(await who()).toBe('a')
    await store.setPriority('cred_b', -5)
    expect(await who()).toBe('b')
    expect(await who({ provider: 'anthropic' })).toBe('z')
    expect(await pool.acquire(requestOf({ provider: 'nobody' }))).toEqual({
      kind: 'nothing',
      why: { total: 0, benched: 0, dead: 0, tried: 0, busy: 0 },
    })
  })

  it('gives the secret at use', async () => {
    const { lend } = await testPool(['a'])
    expect(await (await lend()).secret()).toEqual({ token: 'sk-secret-of-a' })
  })

  it('round_robin takes turns with other pools on the same store', async () => {
    const { who, store, platform } = await testPool(['a', 'b', 'c'], { strategyFor: () => 'round_robin' })
    const second = new CredentialPool({ store, platform, strategyFor: () => 'round_robin' })
    const seen: string[] = []
    for (let round = 0; round < 3; round += 1) {
      seen.push(await who())
      const acquired = await second.acquire(requestOf())
      if (acquired.kind === 'lease') seen.push(acquired.lease.credential.label)
    }
    expect(seen).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
  })

  it('random uses the chance of the platform', async () => {
    const { who } = await testPool(['a', 'b', 'c'], { strategyFor: () => 'random', platform: manualPlatform(0, 7) })
    const seen = new Set<string>()
    for (let round = 0; round < 40; round += 1) seen.add(await who())
    expect([...seen].sort()).toEqual(['a', 'b', 'c'])
  })

  it('prefers the credential of the session while it is ready, whatever the strategy', async () => {
    const { who, failWith } = await testPool(['a', 'b', 'c'], { strategyFor: () => 'round_robin' })
    for (let round = 0; round < 4; round += 1) expect(await who({ preferred: 'cred_c' })).toBe('c')
    await failWith('quota_exhausted', {}, { preferred: 'cred_c' })
    expect(await who({ preferred: 'cred_c' })).not.toBe('c')
    expect(await who({ preferred: 'cred_none' })).not.toBe('c')
  })

  it('counts tried credentials as used up until a newer generation', async () => {
    const { who, store } = await testPool(['a', 'b'])
    const tried = new Map([['cred_a', 1]])
    expect(await who({ tried })).toBe('b')
    await store.replaceSecret('cred_a', { token: 'new' }, 'f2')
    expect(await who({ tried })).toBe('a')
  })

  it('keeps to the limit of calls at once, and tells when a place is free', async () => {
    const { lend, who, pool } = await testPool(['a', 'b'], { maxConcurrentFor: () => 1 })
    const first = await lend()
    await lend()
    const acquired = await pool.acquire(requestOf())
    expect(acquired).toMatchObject({ kind: 'nothing', why: { total: 2, busy: 2 } })
    const waiting = pool.waitForChange('openai', 60_000)
    await first.release()
    expect(await waiting).toBe('changed')
    expect(await who()).toBe('a')
  })

  it('never lends above the limit when many ask at once', async () => {
    const { pool } = await testPool(['a', 'b'], { maxConcurrentFor: () => 3, strategyFor: () => 'round_robin' })
    const all = await Promise.all(Array.from({ length: 20 }, () => pool.acquire(requestOf())))
    expect(all.filter((each) => each.kind === 'lease')).toHaveLength(6)
    expect((await pool.describe()).map((each) => each.inFlight)).toEqual([3, 3])
  })

  it('stops waiting at the time limit or when the caller leaves', async () => {
    const { pool, platform } = await testPool(['a'])
    const elapsed = pool.waitForChange('openai', 1000)
    platform.advance(1000)
    expect(await elapsed).toBe('elapsed')
    const leaving = new AbortController()
    const cut = pool.waitForChange('openai', 1000, leaving.signal)
    leaving.abort()
    expect(await cut).toBe('aborted')
    expect(platform.waiting()).toBe(0)
  })
})

describe('benches', () => {
  it('take a credential out until exactly their end', async () => {
    const { platform, who, failWith } = await testPool(['a', 'b'])
    await failWith('rate_limit', { retryAfterMs: 20 * SECOND })
    expect(await who()).toBe('b')
    platform.advance(20 * SECOND - 1)
    expect(await who()).toBe('b')
    platform.advance(1)
    expect(await who()).toBe('a')
  })

  it('of one model leave the others alone', async () => {
    const { who, failWith } = await testPool(['a', 'b'])
    await failWith('quota_exhausted', { modelScoped: true }, { model: 'gpt-5.5' })
    expect(await who({ model: 'gpt-5.5' })).toBe('b')
    expect(await who({ model: 'gpt-5.4' })).toBe('a')
  })

  it('say why there is nobody, with the earliest return', async () => {
    const { platform, pool, failWith } = await testPool(['a', 'b', 'c'])
    const now = platform.clock.now()
    await failWith('quota_exhausted', { resetAt: now + 5 * HOUR })
    await failWith('rate_limit', { retryAfterMs: 9 * MINUTE })
    await failWith('auth_revoked')
    const acquired = await pool.acquire(requestOf())
    expect(acquired).toMatchObject({
      kind: 'nothing',
      why: { total: 3, benched: 2, dead: 1, earliestReturnMs: now + 9 * MINUTE, bench: { credentialId: 'cred_b' } },
    })
    expect(await pool.outlook(requestOf())).toMatchObject({ ready: 0, trialsDue: 0, why: { dead: 1 } })
  })

  it('are lifted by success, of their scope and their time only', async () => {
    const { platform, lend, failWith, benches, who } = await testPool(['a'])
    const early = await lend()
    platform.advance(SECOND)
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + DAY })
    // A long answer that began before the account ran empty proves nothing about now.
    await early.succeed()
    expect(await benches()).toHaveLength(1)
    platform.advance(15 * MINUTE)
    const trial = await lend()
    expect(trial.trial).toBe(true)
    await trial.succeed()
    expect(await benches()).toEqual([])
    expect(await who()).toBe('a')
  })

  it('forget their strikes after a success', async () => {
    const { platform, lend, failWith, benches } = await testPool(['a'])
    await failWith('rate_limit')
    platform.advance(SECOND)
    await failWith('rate_limit')
    expect((await benches())[0]?.strikes).toBe(2)
    platform.advance(2 * SECOND)
    await (await lend()).succeed()
    await failWith('rate_limit')
    expect((await benches())[0]?.strikes).toBe(1)
  })

  it('are undone by the lease that made them, and only those', async () => {
    const { platform, lend, benches } = await testPool(['a', 'b'])
    const first = await lend()
    await first.fail(verdictOf(failureOf('rate_limit', platform.clock.now())))
    const second = await lend()
    await second.fail(verdictOf(failureOf('rate_limit', platform.clock.now()), { callId: 'call_2' }))
    await second.undo()
    expect((await benches()).map((bench) => bench.credentialId)).toEqual(['cred_a'])
    await first.undo()
    await first.undo()
    expect(await benches()).toEqual([])
  })

  it('that a trial found are put back when the verdict is undone', async () => {
    const { platform, lend, failWith, benches } = await testPool(['a'])
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + DAY })
    const before = await benches()
    platform.advance(15 * MINUTE)
    const trial = await lend()
    await trial.fail(verdictOf(failureOf('quota_exhausted', platform.clock.now()), { callId: 'call_2' }))
    expect((await benches())[0]?.failedTrials).toBe(1)
    await trial.undo()
    expect(await benches()).toEqual(before)
  })

  it('cover a quota group at once, and lift per credential', async () => {
    const grouped = ['a', 'b', 'c'].map((name) => newCredential(name, name === 'c' ? {} : { quotaGroup: 'org-1' }))
    const { who, failWith, benches, platform } = await testPool(grouped)
    const lease = await failWith('quota_exhausted', { resetAt: platform.clock.now() + DAY })
    expect((await benches()).map((bench) => bench.credentialId).sort()).toEqual(['cred_a', 'cred_b'])
    expect(await who()).toBe('c')
    await lease.undo()
    expect(await benches()).toEqual([])
    await failWith('auth_revoked')
    expect((await benches()).map((bench) => bench.credentialId)).toEqual(['cred_a'])
  })
})

describe('trials', () => {
  it('are lent one at a time across pools, and the next one later after each failure', async () => {
    const { platform, store, pool, failWith } = await testPool(['a'])
    const other = new CredentialPool({ store, platform, strategyFor: () => 'fill_first' })
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + DAY })
    platform.advance(15 * MINUTE - 1)
    expect((await pool.acquire(requestOf())).kind).toBe('nothing')
    platform.advance(1)
    expect((await other.outlook(requestOf())).trialsDue).toBe(1)
    const [mine, theirs, mineAgain] = await Promise.all([pool, other, pool].map((each) => each.acquire(requestOf())))
    expect([mine?.kind, theirs?.kind, mineAgain?.kind].filter((kind) => kind === 'lease')).toHaveLength(1)
    const trial = [mine, theirs, mineAgain].find((each) => each?.kind === 'lease')
    if (trial?.kind !== 'lease') throw new Error('no trial')
    expect(trial.lease.trial).toBe(true)
    await trial.lease.fail(verdictOf(failureOf('quota_exhausted', platform.clock.now())))
    expect((await other.acquire(requestOf())).kind).toBe('nothing')
    platform.advance(30 * MINUTE)
    expect((await other.acquire(requestOf())).kind).toBe('lease')
  })

  it('of a holder that died are free within five seconds', async () => {
    const { platform, store, failWith } = await testPool(['a'])
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + DAY })
    platform.advance(15 * MINUTE)
    const died = new CredentialPool({
      store,
      platform: { ...platform, timers: deadTimers },
      strategyFor: () => 'fill_first',
    })
    expect((await died.acquire(requestOf())).kind).toBe('lease')
    const other = new CredentialPool({ store, platform, strategyFor: () => 'fill_first' })
    platform.advance(HOLD_MS - 1)
    expect((await other.acquire(requestOf())).kind).toBe('nothing')
    platform.advance(1)
    expect((await other.acquire(requestOf())).kind).toBe('lease')
  })

  it('that are given back leave the bench as it was and the trial free', async () => {
    const { platform, lend, failWith, benches } = await testPool(['a'])
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + DAY })
    const before = await benches()
    platform.advance(15 * MINUTE)
    await (await lend()).release()
    expect(await benches()).toEqual(before)
    expect((await lend()).trial).toBe(true)
  })

  it('come only when nobody is ready', async () => {
    const { platform, who, failWith } = await testPool(['a', 'b'])
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + DAY })
    platform.advance(HOUR)
    expect(await who()).toBe('b')
  })

  it('never go to the dead', async () => {
    const { platform, who, failWith } = await testPool(['a'])
    await failWith('auth_revoked', {}, {}, { lastHope: true })
    platform.advance(30 * DAY - 1)
    expect(await who()).toBe('nothing')
  })
})

describe('correlated authentication failures', () => {
  it('of three credentials within ten seconds are a broken proxy: a minute each, no death', async () => {
    const { platform, failWith, benches, who } = await testPool(['a', 'b', 'c', 'd'])
    const since = platform.clock.now()
    await failWith('auth_revoked')
    platform.advance(4 * SECOND)
    await failWith('auth_revoked')
    expect((await benches()).map((bench) => bench.dead)).toEqual([true, true])
    platform.advance(6 * SECOND)
    await failWith('auth_revoked')
    expect((await benches()).map((bench) => [bench.dead, bench.untilMs - since])).toEqual([
      [false, 60 * SECOND],
      [false, 64 * SECOND],
      [false, 70 * SECOND],
    ])
    await failWith('auth_revoked')
    expect(await who()).toBe('nothing')
    platform.advance(50 * SECOND)
    expect(await who()).toBe('a')
  })

  it('ten seconds and a millisecond apart, or of different kinds, are judged one by one', async () => {
    const { platform, failWith, benches } = await testPool(['a', 'b', 'c'])
    await failWith('auth_revoked')
    await failWith('auth_revoked', { rule: 'another way' })
    platform.advance(10 * SECOND + 1)
    await failWith('auth_revoked')
    expect((await benches()).every((bench) => bench.dead)).toBe(true)
  })

  it('are confirmed when one credential fails again alone', async () => {
    const { platform, failWith, benches } = await testPool(['a', 'b', 'c'])
    for (let each = 0; each < 3; each += 1) await failWith('auth_revoked')
    platform.advance(MINUTE)
    await failWith('auth_revoked')
    expect((await benches()).find((bench) => bench.credentialId === 'cred_a')).toMatchObject({ dead: true, strikes: 2 })
  })
})

describe('references to the environment', () => {
  const source = { kind: 'env', variable: 'TEST_KEY' } as const
  const referenced = () => newCredential('a', { source, fingerprint: fingerprintOf('sk-one') })

  it('are read at use, and skipped where the variable is not set', async () => {
    let value: string | undefined = 'sk-one'
    const { lend, who, pool } = await testPool([referenced(), 'b'], { references: { environment: () => value } })
    expect(await (await lend()).secret()).toEqual({ token: 'sk-one' })
    value = ' '
    expect(await who()).toBe('b')
    expect((await pool.describe())[0]?.standing).toEqual({ kind: 'missing', why: 'TEST_KEY is not set' })
    expect(await pool.acquire(requestOf({ tried: new Map([['cred_b', 1]]) }))).toMatchObject({
      kind: 'nothing',
      why: { total: 2, missing: 1, tried: 1 },
    })
  })

  it('with a changed value are a new generation; listing alone changes nothing', async () => {
    let value = 'sk-one'
    const { who, pool, failWith, store } = await testPool([referenced()], { references: { environment: () => value } })
    await failWith('auth_revoked')
    expect(await who()).toBe('nothing')
    value = 'sk-two'
    expect((await pool.describe())[0]?.standing.kind).toBe('dead')
    expect((await store.snapshot()).credentials[0]?.generation).toBe(1)
    expect(await who()).toBe('a')
    expect((await store.snapshot()).credentials[0]).toMatchObject({
      generation: 2,
      fingerprint: fingerprintOf('sk-two'),
    })
  })

  it('a process with another value neither undoes the announcement for ever nor benches the key that it does not hold', async () => {
    const old = await testPool([referenced()], { references: { environment: () => 'sk-one' } })
    const young = new CredentialPool({
      store: old.store,
      platform: old.platform,
      strategyFor: () => 'fill_first',
      references: { environment: () => 'sk-two' },
    })
    expect(await old.who()).toBe('a')
    expect((await young.acquire(requestOf())).kind).toBe('lease')
    await old.failWith('auth_revoked')
    expect(await old.benches()).toEqual([])
    expect((await young.acquire(requestOf())).kind).toBe('lease')
    expect((await old.store.snapshot()).credentials[0]?.generation).toBe(2)
  })
})

describe('counting', () => {
  it('never writes on the way of a call, and loses nothing', async () => {
    const { platform, lend, store, pool } = await testPool(['a', 'b'], { strategyFor: () => 'least_used' })
    for (let call = 0; call < 5; call += 1) await (await lend()).succeed()
    const uses = async () => {
      const { uses: counted } = await store.readings.current()
      return ['cred_a', 'cred_b'].map((id) => counted.get(id)?.count ?? 0)
    }
    expect(await uses()).toEqual([0, 0])
    platform.advance(200)
    await pool.close()
    expect(await uses()).toEqual([3, 2])
    expect((await store.readings.current()).uses.get('cred_a')?.lastUsedAtMs).toBe(platform.clock.now() - 200)
    expect(platform.waiting()).toBe(0)
  })
})

describe('a store that refuses', () => {
  it('keeps the verdict in memory and writes it when it can', async () => {
    const store = new RefusingStore()
    const { platform, who, failWith, troubles, benches, pool } = await testPool(['a', 'b'], { store })
    store.refuse = 'full'
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + DAY })
    expect(troubles[0]).toContain('store_failed: full')
    expect(await who()).toBe('b')
    expect(await benches()).toEqual([])
    platform.advance(200)
    await pool.close()
    store.refuse = undefined
    platform.advance(5000)
    await pool.close()
    expect((await benches())[0]).toMatchObject({ credentialId: 'cred_a', reason: 'quota_exhausted' })
    const { uses } = await store.readings.current()
    expect([uses.get('cred_a')?.count, uses.get('cred_b')?.count]).toEqual([1, 1])
  })

  it('even for reading: goes on with what it knew', async () => {
    const store = new RefusingStore()
    const { who } = await testPool(['a'], { store })
    expect(await who()).toBe('a')
    store.refuse = 'locked'
    store.refuseReads = true
    expect(await who()).toBe('a')
  })

  it('that could never be read is an error, not an empty pool', async () => {
    const store = new RefusingStore()
    const { pool } = await testPool([], { store })
    store.refuse = 'damaged'
    store.refuseReads = true
    await expect(pool.acquire(requestOf())).rejects.toMatchObject({ code: 'damaged' })
  })

  it('still tests a benched account, one call at a time', async () => {
    const store = new RefusingStore()
    const { platform, pool, lend, failWith } = await testPool(['a'], { store })
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + DAY })
    store.refuse = 'read_only'
    platform.advance(15 * MINUTE)
    const trial = await lend()
    expect((await pool.acquire(requestOf())).kind).toBe('nothing')
    await trial.succeed()
    expect((await lend()).trial).toBe(false)
  })

  it('takes turns by chance', async () => {
    const store = new RefusingStore()
    const { who } = await testPool(['a', 'b'], { store, strategyFor: () => 'round_robin' })
    store.refuse = 'locked'
    expect(['a', 'b']).toContain(await who())
  })
})

describe('a lease', () => {
  it('ends once; a second ending is ignored and reported', async () => {
    const { lend, troubles, benches, platform, pool } = await testPool(['a'])
    const lease = await lend()
    await lease.release()
    expect(await lease.fail(verdictOf(failureOf('billing', platform.clock.now())))).toBeUndefined()
    await lease.succeed()
    await lease.release()
    expect(await benches()).toEqual([])
    expect(troubles).toHaveLength(3)
    expect((await pool.describe())[0]?.inFlight).toBe(0)
  })

  it('of a removed credential ends quietly', async () => {
    const { lend, store, benches, platform } = await testPool(['a'])
    const lease = await lend()
    await store.removeCredential('cred_a')
    await expect(lease.secret()).rejects.toMatchObject({ code: 'not_found' })
    expect(await lease.fail(verdictOf(failureOf('billing', platform.clock.now())))).toBeUndefined()
    expect(await benches()).toEqual([])
  })
})

describe('what people are shown', () => {
  it('tells the standing of everyone and who is next, and changes nothing', async () => {
    const { pool, failWith, store, lend } = await testPool(['a', 'b', 'c'], { strategyFor: () => 'round_robin' })
    await failWith('quota_exhausted')
    await failWith('entitlement', {}, { preferred: 'cred_c', model: 'm' })
    await pool.close()
    const before = await store.snapshot()
    const described = await pool.describe('openai')
    expect(
      described.map((each) => [each.credential.label, each.standing.kind, each.benches.length, each.next]),
    ).toEqual([
      ['a', 'benched', 1, false],
      // One turn was taken for the first failure; affinity took none.
      ['b', 'ready', 0, false],
      ['c', 'ready', 1, true],
    ])
    expect(await store.snapshot()).toBe(before)
    expect((await lend()).credential.label).toBe('c')
    expect((await pool.describe('openai')).find((each) => each.next)?.credential.label).toBe('b')
  })
})
