import { describe, expect, it, vi } from 'vitest'
import {
  benchOf,
  DAY,
  failureOf,
  MINUTE,
  newCredential,
  requestOf,
  START,
  testPool,
  verdictOf,
} from '../../test/support/pool-fixtures.ts'
import { refusingStore } from '../../test/support/refusing-store.ts'
import type { SecretCommandOutcome } from '../platform/run-secret-command.ts'
import { MemoryStore } from '../stores/memory.ts'
import type { Credential, Secret } from './credential.ts'
import { fingerprintOf } from './fingerprint.ts'
import { CredentialPool, type PoolOptions } from './pool.ts'
import type { NewCredential } from './store-contract.ts'
import type { UsageAnswer } from './usage-probe.ts'

const OTHERS = 'places.takenByOthers'
const session = 'conversation-1'
const turns = async () => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

/** A pool over a store that is watched, and the same store as another process sees it. */
async function watched(
  names: readonly (string | NewCredential)[] = ['a', 'b'],
  given: Omit<Partial<PoolOptions>, 'platform' | 'store'> = {},
) {
  const memory = new MemoryStore()
  const disk = refusingStore(memory)
  const pool = await testPool(names, { ...given, store: disk.store })
  disk.calls.length = 0
  const bench = (name: string) =>
    memory.changeBench(`cred_${name}`, '*', () => benchOf({ sinceMs: START, trialAtMs: START + DAY }))
  const other = new CredentialPool({
    store: memory,
    platform: pool.platform,
    strategyFor: () => 'fill_first',
    ...given,
  })
  return { ...pool, ...disk, memory, bench, other }
}

describe('what a call asks of the store', () => {
  it('is one look when nothing else is wanted, and nothing at its end but a look', async () => {
    const { lend, calls, pool } = await watched()
    const lease = await lend()
    expect(calls).toEqual(['snapshot'])
    await lease.release()
    await pool.outlook(requestOf())
    expect(new Set(calls)).toEqual(new Set(['snapshot']))
    await pool.describe()
    expect(new Set(calls)).toEqual(new Set(['snapshot', 'readings.current']))
  })

  it('is a turn only where there is somebody to take turns with', async () => {
    const { lend, calls, bench, store } = await watched(['a', 'b'], { strategyFor: () => 'round_robin' })
    await lend()
    expect(calls.filter((call) => call === 'nextTurn')).toHaveLength(1)
    await bench('b')
    await lend()
    expect(calls.filter((call) => call === 'nextTurn')).toHaveLength(1)
    expect(await store.peekTurn('openai')).toBe(1)
  })

  it('leaves nothing to be written after a release when all is written', async () => {
    const { lend, platform } = await watched()
    const lease = await lend()
    platform.advance(200)
    await turns()
    await lease.release()
    expect(platform.waiting()).toBe(0)
  })

  it('is told again 200 ms after it was refused', async () => {
    const { lend, platform, refuse, benches } = await watched()
    const lease = await lend()
    platform.advance(200)
    await turns()
    refuse('full', 'changeBench')
    await lease.fail(verdictOf(failureOf('billing', platform.clock.now())))
    refuse('full')
    platform.advance(200)
    await turns()
    expect(await benches()).toMatchObject([{ credentialId: 'cred_a', reason: 'billing' }])
  })
})

describe('what happens while a call waits for the store', () => {
  it.each<[string, string, Omit<Partial<PoolOptions>, 'platform' | 'store'>, boolean]>([
    ['places are counted', OTHERS, { maxConcurrentFor: () => 2 }, false],
    ['a place is taken', 'places.take', { maxConcurrentFor: () => 2 }, false],
    ['counters are read', 'readings.current', { strategyFor: () => 'least_used' }, false],
    ['a session is looked for', 'sessions.find', {}, true],
    ['a turn is taken', 'nextTurn', { strategyFor: () => 'round_robin' }, false],
  ])('counts: a bench that comes while %s', async (_, method, given, hasSession) => {
    const { lend, meanwhile, bench, pool } = await watched(['a', 'b', 'c'], given)
    meanwhile(method, () => bench('a'))
    expect((await lend(hasSession ? { session } : {})).credential.label).not.toBe('a')
    expect((await pool.describe())[0]).toMatchObject({ inFlight: 0, standing: { kind: 'benched' } })
  })

  it('a last place that another process takes leaves the next credential', async () => {
    const { who, meanwhile, other } = await watched(['a', 'b'], { maxConcurrentFor: () => 1 })
    meanwhile('places.take', () => other.acquire(requestOf()))
    expect(await who()).toBe('b')
  })

  it('a place that comes free is found at the second look', async () => {
    const { lend, platform, other } = await watched(['a'], { maxConcurrentFor: () => 1 })
    const theirs = await other.acquire(requestOf())
    await expect(lend()).rejects.toThrow('nothing to lend')
    if (theirs.kind === 'lease') await theirs.lease.release()
    platform.advance(1)
    expect((await lend()).credential.label).toBe('a')
  })

  it('a bench that is lifted while its trial is claimed needs no trial, and asks no usage endpoint', async () => {
    const probe = vi.fn<() => Promise<UsageAnswer | undefined>>(async () => undefined)
    const { lend, failWith, meanwhile, memory, platform } = await watched(['a'], {
      probeUsage: { canProbe: () => true, probe },
    })
    await failWith('quota_exhausted', { resetAt: START + DAY })
    platform.advance(15 * MINUTE)
    meanwhile('claimTrial', () => memory.changeBench('cred_a', '*', () => null))
    expect((await lend()).trial).toBe(false)
    expect(probe).not.toHaveBeenCalled()
  })

  it.each<[string, (memory: MemoryStore) => Promise<unknown>]>([
    ['is removed', (memory) => memory.removeCredential('cred_a')],
    [
      'fails a trial',
      (memory) => memory.changeBench('cred_a', '*', (_, bench) => bench && { ...bench, trialAtMs: START + DAY }),
    ],
    ['dies', (memory) => memory.changeBench('cred_a', '*', (_, bench) => bench && { ...bench, dead: true })],
  ])('a credential that %s while its trial is claimed is not lent', async (_, happens) => {
    for (const method of ['claimTrial', 'places.take']) {
      const { who, failWith, meanwhile, memory, platform } = await watched(['a'], { maxConcurrentFor: () => 1 })
      await failWith('quota_exhausted', { resetAt: START + DAY })
      platform.advance(15 * MINUTE)
      meanwhile(method, () => happens(memory))
      expect(await who()).toBe('nothing')
      // Its place and its claim are free again: only what is said in the way keeps it.
      expect(platform.waiting()).toBeLessThanOrEqual(1)
    }
  })
})

const command = newCredential('a', {
  source: { kind: 'command', argv: ['vault'], cacheMs: 1 },
  fingerprint: fingerprintOf('sk-old'),
})

describe('a key command', () => {
  it('that says another key each time, kept for no time, is asked once for a call', async () => {
    let runs = 0
    const { lend } = await watched([{ ...command, source: { kind: 'command', argv: ['vault'], cacheMs: 0 } }], {
      references: {
        command: () => {
          runs += 1
          return runs > 9
            ? Promise.reject(new Error('asked for ever'))
            : Promise.resolve({ kind: 'said', text: `sk-${runs}` })
        },
      },
    })
    const lease = await lend()
    expect([await lease.secret(), lease.tokenGeneration, runs]).toEqual([{ token: 'sk-1' }, 2, 1])
  })
})

describe('a trial', () => {
  it.each<[string, SecretCommandOutcome, string]>([
    ['says the same key', { kind: 'said', text: 'sk-old' }, 'trial 1'],
    ['says a new key', { kind: 'said', text: 'sk-new' }, 'ready 2'],
    ['fails', { kind: 'failed', why: 'locked' }, 'nothing'],
  ])('of a credential whose command %s', async (_, outcome, expected) => {
    let says: SecretCommandOutcome = { kind: 'said', text: 'sk-old' }
    const { pool, failWith, platform } = await watched([command], {
      references: { command: () => Promise.resolve(says) },
    })
    await failWith('quota_exhausted', { resetAt: START + DAY })
    platform.advance(15 * MINUTE)
    says = outcome
    const acquired = await pool.acquire(requestOf())
    const lease = acquired.kind === 'lease' ? acquired.lease : undefined
    expect(lease === undefined ? 'nothing' : `${lease.trial ? 'trial' : 'ready'} ${lease.tokenGeneration}`).toBe(
      expected,
    )
    if (lease?.trial === true) expect(lease.choice.because).toBe('trial: quota_exhausted')
  })

  it('that the last place is needed for is lent, and one without a place is not', async () => {
    const { lend, who, failWith, platform, bench } = await watched(['a'], { maxConcurrentFor: () => 1 })
    const out = await lend()
    await bench('a')
    platform.advance(DAY)
    expect(await who()).toBe('nothing')
    await out.release()
    expect((await lend()).trial).toBe(true)
    await expect(failWith('billing')).rejects.toThrow('nothing to lend')
  })
})

describe('a usage probe of the pool', () => {
  async function probed(answer: UsageAnswer, given: Omit<Partial<PoolOptions>, 'platform' | 'store'> = {}) {
    const asked: [Credential, Secret][] = []
    const world = await watched(['a'], {
      probeUsage: {
        canProbe: () => true,
        probe: async (...by) => {
          asked.push(by)
          return answer
        },
      },
      ...given,
    })
    return { ...world, asked }
  }

  it('is asked with a token that is fit for use, and its answer is kept', async () => {
    const { lend, failWith, platform, asked, pool } = await probed(
      { windows: [{ name: '7d', usedPercent: 12 }] },
      { logins: { unsaved: () => undefined, fresh: async (_, secret) => ({ token: `fresh ${secret.token}` }) } },
    )
    await failWith('quota_exhausted', { resetAt: START + DAY })
    platform.advance(15 * MINUTE)
    expect((await lend()).trial).toBe(false)
    expect(asked.map(([{ id }, { token }]) => [id, token])).toEqual([['cred_a', 'fresh sk-secret-of-a']])
    expect((await pool.describe())[0]?.quota?.windows).toMatchObject([{ name: '7d', usedPercent: 12, source: 'usage' }])
  })

  it('knows the plan that was observed before', async () => {
    const { lend, failWith, platform, asked, pool } = await probed({ windows: [], planType: 'plus' })
    pool.observe({ credentialId: 'cred_a', windows: [], source: 'header', readAtMs: START, planType: 'free' })
    await failWith('quota_exhausted', { resetAt: START + DAY })
    platform.advance(15 * MINUTE)
    expect((await lend()).trial).toBe(false)
    expect(asked[0]?.[1].token).toBe('sk-secret-of-a')
  })
})

describe('a session of the pool', () => {
  it('is not moved by a call whose session is bound to the state of its credential', async () => {
    const { lend, pool, memory } = await watched(['a', 'b'])
    await lend({ session, sessionIsBound: true })
    await pool.close()
    expect(await memory.sessions.find('openai', session)).toBeUndefined()
    await lend({ session })
    await pool.close()
    expect((await memory.sessions.find('openai', session))?.credentialId).toBe('cred_a')
  })

  it('that is bound is found even where sessions need not stay', async () => {
    const { lend, pool, memory, calls } = await watched(['a', 'b'], { affinityFor: () => 'none' })
    pool.keep('openai', session, 'cred_b')
    expect((await lend({ session, sessionIsBound: true })).credential.label).toBe('b')
    expect((await lend({ session })).credential.label).toBe('a')
    expect((await lend({ sessionIsBound: true })).credential.label).toBe('a')
    expect(calls).not.toContain('sessions.find')
    await pool.close()
    expect((await memory.sessions.find('openai', session))?.credentialId).toBe('cred_b')
  })

  it('is written 200 ms after it was kept', async () => {
    const { pool, memory, platform } = await watched()
    pool.keep('openai', session, 'cred_b')
    platform.advance(200)
    await turns()
    expect(await memory.sessions.find('openai', session)).toEqual({ credentialId: 'cred_b', atMs: START })
  })

  it('has moved only when another credential served it before', async () => {
    const { lend } = await watched()
    expect((await lend({ session })).choice).not.toHaveProperty('movedFrom')
    expect((await lend({ session })).choice).not.toHaveProperty('movedFrom')
    expect((await lend()).choice).not.toHaveProperty('movedFrom')
    const moved = (await lend({ session, preferred: 'cred_b' })).choice
    expect(moved).toMatchObject({ because: 'retry', movedFrom: 'cred_a' })
  })
})

describe('turns', () => {
  it('are taken by chance when the store refuses, and by nobody when it is closed or has a bug', async () => {
    const { who, refuse, pool } = await watched(['a', 'b'], { strategyFor: () => 'round_robin' })
    refuse('locked', 'nextTurn')
    const seen = new Set<string>()
    for (let call = 0; call < 20; call += 1) seen.add(await who())
    expect([...seen].sort()).toEqual(['a', 'b'])
    refuse('closed', 'nextTurn')
    await expect(pool.acquire(requestOf())).rejects.toMatchObject({ code: 'closed' })
    refuse(new TypeError('a bug'), 'nextTurn')
    await expect(pool.acquire(requestOf())).rejects.toThrow('a bug')
  })
})
