import { describe, expect, it } from 'vitest'
import {
  benchOf,
  DAY,
  failureOf,
  HOUR,
  MINUTE,
  newCredential,
  SECOND,
  START,
  verdictOf,
} from '../../test/support/pool-fixtures.ts'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import type { FailureLabel } from '../failure/labels.ts'
import { MemoryStore } from '../stores/memory.ts'
import type { Bench } from './bench.ts'
import { BenchBook } from './bench-book.ts'
import { BorrowedLease, type Lender } from './borrowed-lease.ts'
import type { NewCredential } from './store-contract.ts'

const MODEL = 'gpt-5.5'

async function lending(given: readonly (string | NewCredential)[] = ['a']) {
  const store = new MemoryStore()
  for (const each of given) await store.addCredential(typeof each === 'string' ? newCredential(each) : each, 0)
  const platform = manualPlatform(START)
  const book = new BenchBook(store, () => undefined)
  const events: string[] = []
  const benches = async () => (await store.snapshot()).benches
  const lease = async (name: string, trial = false, lender: Partial<Lender> = {}) => {
    const credential = (await book.view()).credential(`cred_${name}`)
    if (credential === undefined) throw new Error(`no credential ${name}`)
    return new BorrowedLease(credential, MODEL, trial, {
      book,
      platform,
      choice: { because: 'for a test', others: () => [] },
      attributable: true,
      readSecret: () => Promise.resolve({ token: 't' }),
      onRefused: () => events.push('refused'),
      takeBack: async () => void events.push('taken back'),
      onSecondEnding: (ending) => events.push(ending),
      ...lender,
    })
  }
  const verdict = (label: FailureLabel, failure = {}, callId = 'call_1') =>
    verdictOf(failureOf(label, platform.clock.now(), failure), { callId })
  return { store, platform, book, events, benches, lease, verdict, put: (bench: Bench) => put(store, bench) }
}

async function put(store: MemoryStore, bench: Bench): Promise<void> {
  await store.changeBench(bench.credentialId, bench.scope, () => bench)
}

describe('the end of a lease', () => {
  it('comes once, and a second one is told with the first', async () => {
    const { lease, events, verdict } = await lending()
    const [good, bad, none] = [await lease('a'), await lease('a'), await lease('a')]
    await good.succeed()
    await good.release()
    await bad.fail(verdict('server_error'))
    await bad.succeed()
    await none.release()
    expect(await none.fail(verdict('billing'))).toBeUndefined()
    expect(events).toEqual([
      'taken back',
      'release after succeed',
      'taken back',
      'succeed after fail',
      'taken back',
      'fail after release',
    ])
  })

  it.each(['succeed', 'fail'] as const)('gives the place back although the store fails: %s', async (how) => {
    const { lease, events, store, verdict, put: write } = await lending()
    await write(benchOf())
    const ending = await lease('a', true)
    store.changeBench = () => Promise.reject(new TypeError('a bug'))
    await expect(how === 'succeed' ? ending.succeed() : ending.fail(verdict('billing'))).rejects.toThrow('a bug')
    expect(events).toEqual(['taken back'])
  })

  it('says that the key itself was refused, and only then', async () => {
    const { lease, events, verdict } = await lending()
    for (const label of ['auth_expired', 'auth_revoked', 'billing', 'entitlement'] as const) {
      await (await lease('a')).fail(verdict(label))
      events.push(label)
    }
    expect(events.filter((event) => event !== 'taken back')).toEqual([
      'refused',
      'auth_expired',
      'refused',
      'auth_revoked',
      'billing',
      'entitlement',
    ])
  })
})

describe('a verdict', () => {
  it('is written before the place is free', async () => {
    const { lease, verdict, benches } = await lending()
    let atTheEnd: readonly Bench[] = []
    const failing = await lease('a', false, { takeBack: async () => void (atTheEnd = await benches()) })
    const bench = await failing.fail(verdict('billing'))
    expect(bench).toMatchObject({ credentialId: 'cred_a', scope: '*', reason: 'billing' })
    expect(atTheEnd).toEqual([bench])
  })

  it('about another key than the pool knows is no verdict', async () => {
    const { lease, verdict, benches } = await lending()
    const other = await lease('a', false, { attributable: false })
    expect(await other.fail(verdict('billing'))).toBeUndefined()
    expect(await benches()).toEqual([])
  })

  it('covers its group, but nobody who was reset since the attempt began', async () => {
    const grouped = ['a', 'b', 'c', 'd'].map((name) => newCredential(name, { quotaGroup: 'org' }))
    const { lease, verdict, benches, store } = await lending(grouped)
    await store.replaceSecret('cred_b', { token: 'new' }, 'f2')
    await store.resetCredential('cred_b', START - 1)
    await put(store, benchOf({ credentialId: 'cred_b', tokenGeneration: 2, untilMs: START + MINUTE }))
    const failing = await lease('a', true)
    await store.resetCredential('cred_c', START)
    await store.resetCredential('cred_d', START + 1)
    await failing.fail(verdict('quota_exhausted'))
    const found = new Map((await benches()).map((bench) => [bench.credentialId, bench]))
    expect([...found.keys()].sort()).toEqual(['cred_a', 'cred_b'])
    expect(found.get('cred_b')).toMatchObject({ tokenGeneration: 2, strikes: 1 })
    // Only the one that was tested has failed a trial.
    expect(found.get('cred_b')?.failedTrials).toBe(0)
  })

  it('that is one of many of its kind comes back softened, and the others are softened in place', async () => {
    const { lease, verdict, benches } = await lending(['a', 'b', 'c'])
    await (await lease('a')).fail(verdict('auth_revoked'))
    await (await lease('b')).fail(verdict('auth_revoked'))
    const last = await (await lease('c')).fail(verdict('auth_revoked'))
    expect(last).toMatchObject({ credentialId: 'cred_c', dead: false, untilMs: START + MINUTE })
    expect((await benches()).map(({ credentialId, dead }) => [credentialId, dead])).toEqual([
      ['cred_a', false],
      ['cred_b', false],
      ['cred_c', false],
    ])
  })

  it('comes back as its own, whoever stands before it in the pool', async () => {
    const { lease, verdict } = await lending(['a', 'b', 'c'])
    for (const name of ['c', 'b']) await (await lease(name)).fail(verdict('auth_revoked'))
    expect(await (await lease('a')).fail(verdict('auth_revoked'))).toMatchObject({
      credentialId: 'cred_a',
      dead: false,
    })
  })

  it('is what it is when it stands alone', async () => {
    const { lease, verdict } = await lending(['a', 'b'])
    await (await lease('a')).fail(verdict('auth_revoked'))
    expect(await (await lease('b')).fail(verdict('auth_revoked'))).toMatchObject({ credentialId: 'cred_b', dead: true })
  })
})

describe('an answer', () => {
  const past = { sinceMs: START - 1, untilMs: START + DAY, trialAtMs: START + DAY }

  it.each<[string, Partial<Bench>, boolean]>([
    ['of everything', {}, true],
    ['of its model', { scope: MODEL }, true],
    ['of another model', { scope: 'gpt-5.4' }, false],
    ['that began with the attempt', { sinceMs: START }, false],
    ['that began later', { sinceMs: START + 1 }, false],
  ])('lifts a bench %s: %s', async (_, given, lifted) => {
    const { lease, benches, store } = await lending()
    await put(store, benchOf({ ...past, ...given }))
    await (await lease('a', true)).succeed()
    expect((await benches()).length === 0).toBe(lifted)
  })

  it('proves nothing about a newer key, and what stands is asked again while it is lifted', async () => {
    const { lease, benches, store } = await lending()
    const [answered, late] = [await lease('a', true), await lease('a', true)]
    await store.replaceSecret('cred_a', { token: 'new' }, 'f2')
    await put(store, benchOf({ ...past, tokenGeneration: 2 }))
    await answered.succeed()
    expect(await benches()).toHaveLength(1)
    await put(store, benchOf({ ...past, tokenGeneration: 1 }))
    await late.succeed()
    expect(await benches()).toHaveLength(1)
  })

  it.each<[string, Bench | null]>([
    ['worse', benchOf({ sinceMs: START + 1 })],
    ['gone', null],
  ])('leaves alone what became %s between the look and the lifting', async (_, meanwhile) => {
    const { lease, benches, store, book } = await lending()
    await put(store, benchOf(past))
    const answered = await lease('a', true)
    const change = book.change.bind(book)
    book.change = async (...asked) => {
      await store.changeBench('cred_a', '*', () => meanwhile)
      return change(...asked)
    }
    await answered.succeed()
    expect(await benches()).toEqual(meanwhile === null ? [] : [meanwhile])
  })

  it('with another key than the pool knows lifts nothing', async () => {
    const { lease, benches, store } = await lending()
    await put(store, benchOf(past))
    await (await lease('a', false, { attributable: false })).succeed()
    expect(await benches()).toHaveLength(1)
  })
})

describe('taking a verdict back', () => {
  it('puts back what stood before, once', async () => {
    const { lease, benches, verdict, platform, store } = await lending()
    const before = benchOf({ untilMs: START + HOUR })
    await put(store, before)
    const failing = await lease('a', true)
    await failing.fail(verdict('quota_exhausted'))
    expect(await benches()).not.toEqual([before])
    await failing.undo()
    expect(await benches()).toEqual([before])
    platform.advance(SECOND)
    await put(store, benchOf({ failedTrials: 7 }))
    await failing.undo()
    expect(await benches()).toEqual([benchOf({ failedTrials: 7 })])
  })

  it('of a lease that wrote nothing changes nothing', async () => {
    const { lease, benches, store, verdict } = await lending()
    const standing = benchOf({ sinceMs: START + 1 })
    await put(store, standing)
    const failing = await lease('a')
    await failing.undo()
    await failing.fail(verdict('server_error'))
    await failing.undo()
    expect(await benches()).toEqual([standing])
  })

  it('finds its verdict again although its times were softened since', async () => {
    const { lease, benches, verdict } = await lending(['a', 'b', 'c'])
    const failing = [await lease('a'), await lease('b'), await lease('c')]
    for (const each of failing) await each.fail(verdict('auth_revoked'))
    for (const each of failing) await each.undo()
    expect(await benches()).toEqual([])
  })

  it.each<[string, (bench: Bench) => Bench]>([
    ['key', (bench) => ({ ...bench, tokenGeneration: 2 })],
    ['beginning', (bench) => ({ ...bench, sinceMs: bench.sinceMs + 1 })],
    ['count', (bench) => ({ ...bench, strikes: bench.strikes + 1 })],
    ['moment', (bench) => ({ ...bench, evidence: { ...bench.evidence, seenAtMs: bench.evidence.seenAtMs + 1 } })],
    ['call', (bench) => ({ ...bench, evidence: { ...bench.evidence, callId: 'call_2' } })],
  ])('leaves the verdict of somebody else, told by its %s', async (_, since) => {
    const { lease, benches, store, verdict } = await lending()
    const failing = await lease('a')
    const bench = await failing.fail(verdict('billing'))
    if (bench === undefined) throw new Error('no bench')
    await put(store, since(bench))
    await failing.undo()
    expect(await benches()).toEqual([since(bench)])
  })

  it('leaves nothing where somebody has lifted it', async () => {
    const { lease, benches, store, verdict } = await lending()
    const failing = await lease('a')
    await put(store, benchOf({ untilMs: START - 1 }))
    await failing.fail(verdict('billing'))
    await store.changeBench('cred_a', '*', () => null)
    await failing.undo()
    expect(await benches()).toEqual([])
  })
})
