import { describe, expect, it } from 'vitest'
import type { Bench } from '../../src/pool/bench.ts'
import type { Store, StoreErrorCode } from '../../src/pool/store-contract.ts'
import { newCredential } from '../support/pool-fixtures.ts'

export interface StoreUnderTest {
  /** An empty store of its own. */
  open(): Promise<Store>
  /** A second connection to the same data, as another process has it. Absent when the store lives in one process. */
  openAgain?(): Promise<Store>
}

const NOW = 1_767_225_600_000

function benchOf(given: Partial<Bench> = {}): Bench {
  return {
    credentialId: 'cred_a',
    scope: '*',
    reason: 'quota_exhausted',
    sinceMs: NOW,
    untilMs: NOW + 3_600_000,
    trialAtMs: NOW + 900_000,
    dead: false,
    tokenGeneration: 1,
    strikes: 2,
    failedTrials: 1,
    evidence: {
      rule: 'test/rule',
      message: 'used up — 100 %',
      timeSource: 'stated',
      seenAtMs: NOW - 0.5,
      callId: 'call_1',
    },
    ...given,
  }
}

async function refusal(work: Promise<unknown>): Promise<StoreErrorCode | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    expect(error).toMatchObject({ name: 'StoreError' })
    return (error as { code: StoreErrorCode }).code
  }
}

/** Every store passes this. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  const withStore = async (work: (store: Store, under: StoreUnderTest) => Promise<void>) => {
    const under = await make()
    const store = await under.open()
    try {
      await work(store, under)
    } finally {
      await store.close()
    }
  }

  describe(`store contract: ${name}`, () => {
    it('lets one holder refresh a generation, and knows what never ended', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a', { type: 'oauth' }), NOW)
        const claim = { credentialId: 'cred_a', generation: 1, holder: 'p1', untilMs: NOW + 100, fingerprint: 'f1' }
        const { refreshes } = store
        expect(await refreshes.look('cred_a')).toMatchObject({ generation: 1, secret: { token: 'sk-secret-of-a' } })
        expect(await refreshes.look('cred_x')).toBeUndefined()
        expect(await refreshes.begin({ ...claim, generation: 2 }, NOW)).toEqual({ kind: 'moved' })
        expect(await refreshes.begin(claim, NOW)).toEqual({ kind: 'claimed', failures: 0 })
        const other = { ...claim, holder: 'p2', untilMs: NOW + 300, fingerprint: 'f2' }
        expect(await refreshes.begin(other, NOW + 99)).toEqual({ kind: 'held', untilMs: NOW + 100 })
        expect(await refreshes.begin(other, NOW + 100)).toEqual({
          kind: 'claimed',
          failures: 0,
          unfinished: { fingerprint: 'f1', atMs: NOW },
        })
        const rest = { credentialId: 'cred_a', generation: 1, unfinished: false, restUntilMs: NOW + 200, failures: 1 }
        // Only the holder may end it.
        await refreshes.end({ ...rest, holder: 'p1', reason: 'busy' })
        expect(await refreshes.begin(claim, NOW + 101)).toMatchObject({ kind: 'held' })
        await refreshes.end({ ...rest, holder: 'p2', reason: 'busy' })
        const resting = { kind: 'resting', untilMs: NOW + 200, reason: 'busy' }
        expect(await refreshes.begin(claim, NOW + 199)).toEqual(resting)
        expect(await refreshes.begin({ ...claim, force: true }, NOW + 199)).toEqual({ kind: 'claimed', failures: 1 })
        const renewed = { credentialId: 'cred_a', generation: 1, secret: { token: 'new' }, fingerprint: 'f3' }
        expect(await refreshes.commit(renewed)).toMatchObject({ generation: 2, fingerprint: 'f3' })
        expect(await refreshes.commit(renewed)).toBeUndefined()
        expect(await refreshes.look('cred_a')).toEqual({ generation: 2, secret: { token: 'new' } })
        expect((await store.snapshot()).credentials[0]).toMatchObject({ generation: 2 })
        await refreshes.setAside({ ...renewed, generation: 2 })
        expect(await refreshes.asides(() => {})).toEqual([{ ...renewed, generation: 2 }])
        await refreshes.dropAside({ credentialId: 'cred_a', generation: 2 })
        expect(await refreshes.asides(() => {})).toEqual([])
      }))

    it('lets the holder’s rule decide whether a claim is free, inside the transaction', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        const { refreshes } = store
        const claim = { credentialId: 'cred_a', generation: 1, holder: 'p1', untilMs: NOW + 100, fingerprint: 'f1' }
        await refreshes.begin(claim, NOW)
        const asked: unknown[] = []
        const rule = (answer: boolean) => (held: { holder: string; untilMs: number }) => {
          asked.push([held.holder, held.untilMs])
          return answer
        }
        const other = { ...claim, holder: 'p2', untilMs: NOW + 900 }
        const held = { kind: 'held', untilMs: NOW + 100 }
        expect(await refreshes.begin({ ...other, mayTakeOver: rule(false) }, NOW + 500)).toEqual(held)
        expect(await refreshes.begin({ ...other, mayTakeOver: rule(true) }, NOW + 1)).toMatchObject({
          kind: 'claimed',
          unfinished: { fingerprint: 'f1' },
        })
        expect(asked).toEqual([
          ['p1', NOW + 100],
          ['p1', NOW + 100],
        ])
        // Nobody is asked about one's own claim, nor about one that was ended.
        await refreshes.begin({ ...other, mayTakeOver: rule(false) }, NOW + 2)
        const nothing = { unfinished: false, restUntilMs: 0, failures: 0, reason: '' }
        await refreshes.end({ credentialId: 'cred_a', generation: 1, holder: 'p2', ...nothing })
        expect(await refreshes.begin({ ...claim, mayTakeOver: rule(false) }, NOW + 3)).toMatchObject({
          kind: 'claimed',
        })
        expect(asked).toHaveLength(2)
      }))

    it('starts empty', () =>
      withStore(async (store) => {
        expect(await store.snapshot()).toMatchObject({ credentials: [], benches: [] })
      }))

    it('keeps a credential with all its fields, without its secret', () =>
      withStore(async (store) => {
        const full = newCredential('a', {
          priority: 7,
          baseUrl: 'https://example.test/v1',
          accountId: 'acct-1',
          quotaGroup: 'org-1',
          type: 'oauth',
          secret: { token: 'tok', refreshToken: 'ref', expiresAtMs: NOW + 5, accountId: 'acct-1' },
        })
        const added = await store.addCredential(full, NOW)
        const { secret, ...shown } = full
        const expected = { ...shown, generation: 1, resetStampMs: 0, createdAtMs: NOW }
        expect(added).toEqual(expected)
        expect((await store.snapshot()).credentials).toEqual([expected])
        expect(await store.readSecret('cred_a')).toEqual(secret)
      }))

    it('gives the next priority in a provider when none is named', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        await store.addCredential(newCredential('b', { priority: 9 }), NOW)
        await store.addCredential(newCredential('c'), NOW)
        await store.addCredential(newCredential('d', { provider: 'anthropic' }), NOW)
        const { credentials } = await store.snapshot()
        expect(Object.fromEntries(credentials.map((each) => [each.label, each.priority]))).toEqual({
          a: 0,
          b: 9,
          c: 10,
          d: 0,
        })
      }))

    it('refuses the same label, key or account twice in a provider, and changes nothing then', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a', { accountId: 'acct-1' }), NOW)
        const before = await store.snapshot()
        const again = (given: object) => store.addCredential({ ...newCredential('b'), ...given }, NOW)
        expect(await refusal(again({ label: 'a' }))).toBe('duplicate_label')
        expect(await refusal(again({ fingerprint: 'finger-a' }))).toBe('duplicate_credential')
        expect(await refusal(again({ accountId: 'acct-1' }))).toBe('duplicate_credential')
        expect(await refusal(again({ id: 'cred_a' }))).toBe('duplicate_credential')
        expect(await store.snapshot()).toEqual(before)
        expect(await refusal(again({ label: 'a', fingerprint: 'finger-a', provider: 'anthropic' }))).toBeUndefined()
      }))

    it('gives the same snapshot until something changes, and never changes one that was given', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        const first = await store.snapshot()
        expect(await store.snapshot()).toBe(first)
        const copy = structuredClone(first)
        await store.changeBench('cred_a', '*', () => benchOf())
        await store.setPriority('cred_a', 5)
        const second = await store.snapshot()
        expect(second.revision).toBeGreaterThan(first.revision)
        expect(first).toEqual(copy)
        expect(second.credentials[0]?.priority).toBe(5)
      }))

    it('removes a credential with benches, secret and claims', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        await store.changeBench('cred_a', '*', () => benchOf())
        await store.claimTrial({ credentialId: 'cred_a', scope: '*', holder: 'p1', untilMs: NOW + 1000 }, NOW)
        expect(await store.removeCredential('cred_a')).toBe(true)
        expect(await store.removeCredential('cred_a')).toBe(false)
        expect(await store.snapshot()).toMatchObject({ credentials: [], benches: [] })
        expect(await store.readSecret('cred_a')).toBeUndefined()
        await store.addCredential(newCredential('a'), NOW)
        expect((await store.snapshot()).benches).toEqual([])
        expect(
          await store.claimTrial({ credentialId: 'cred_a', scope: '*', holder: 'p2', untilMs: NOW + 1000 }, NOW),
        ).toBe(true)
      }))

    it('replaces a secret as a new generation', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        await store.addCredential(newCredential('b'), NOW)
        const renewed = await store.replaceSecret('cred_a', { token: 'new', refreshToken: 'r2' }, 'finger-new')
        expect(renewed).toMatchObject({ generation: 2, fingerprint: 'finger-new' })
        expect(await store.readSecret('cred_a')).toEqual({ token: 'new', refreshToken: 'r2' })
        expect(await refusal(store.replaceSecret('cred_a', { token: 'x' }, 'finger-b'))).toBe('duplicate_credential')
        expect(await store.readSecret('cred_a')).toEqual({ token: 'new', refreshToken: 'r2' })
        expect(await refusal(store.replaceSecret('cred_none', { token: 'x' }, 'f'))).toBe('not_found')
      }))

    it('never stores the secret of a reference', () =>
      withStore(async (store) => {
        const source = { kind: 'env', variable: 'OPENAI_API_KEY' } as const
        await store.addCredential(newCredential('a', { source }), NOW)
        expect(await store.readSecret('cred_a')).toBeUndefined()
        expect(await store.replaceSecret('cred_a', { token: 'changed' }, 'f2')).toMatchObject({ generation: 2, source })
        expect(await store.readSecret('cred_a')).toBeUndefined()
      }))

    it('keeps a bench with all its fields, one per scope', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        const all = benchOf()
        const { callId: _, ...evidence } = all.evidence
        const one = benchOf({ scope: 'gpt-5.5', dead: true, evidence })
        expect(await store.changeBench('cred_a', '*', () => all)).toEqual({ bench: all, changed: true })
        expect(await store.changeBench('cred_a', 'gpt-5.5', () => one)).toEqual({ bench: one, changed: true })
        const { benches } = await store.snapshot()
        expect([...benches].sort((a, b) => (a.scope < b.scope ? -1 : 1))).toEqual([all, one])
      }))

    it('asks with what stands, and writes, removes or leaves as told', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        const asked: unknown[] = []
        const ask = (answer: Bench | null | undefined) =>
          store.changeBench('cred_a', '*', (credential, standing) => {
            asked.push([credential.id, standing?.strikes])
            return answer
          })
        expect(await ask(undefined)).toEqual({ bench: undefined, changed: false })
        expect(await ask(null)).toEqual({ bench: undefined, changed: false })
        await ask(benchOf({ strikes: 3 }))
        const { revision } = await store.snapshot()
        expect(await ask(undefined)).toEqual({ bench: benchOf({ strikes: 3 }), changed: false })
        expect((await store.snapshot()).revision).toBe(revision)
        expect(await ask(null)).toEqual({ bench: undefined, changed: true })
        expect(asked).toEqual([
          ['cred_a', undefined],
          ['cred_a', undefined],
          ['cred_a', undefined],
          ['cred_a', 3],
          ['cred_a', 3],
        ])
      }))

    it('benches nothing that does not exist', () =>
      withStore(async (store) => {
        let asked = false
        const result = await store.changeBench('cred_none', '*', () => {
          asked = true
          return benchOf()
        })
        expect(result).toEqual({ bench: undefined, changed: false })
        expect(asked).toBe(false)
      }))

    it('changes nothing when the change throws', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        const broken = store.changeBench('cred_a', '*', () => {
          throw new RangeError('broken')
        })
        await expect(broken).rejects.toThrow(RangeError)
        expect((await store.snapshot()).benches).toEqual([])
        expect(await store.changeBench('cred_a', '*', () => benchOf())).toMatchObject({ changed: true })
      }))

    it('resets: no bench, no claim, and a stamp that always grows', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        await store.changeBench('cred_a', '*', () => benchOf())
        await store.changeBench('cred_a', 'm', () => benchOf({ scope: 'm' }))
        await store.claimTrial({ credentialId: 'cred_a', scope: '*', holder: 'p1', untilMs: NOW + 9e6 }, NOW)
        await store.resetCredential('cred_a', NOW)
        const { credentials, benches } = await store.snapshot()
        expect(benches).toEqual([])
        expect(credentials[0]?.resetStampMs).toBe(NOW)
        await store.resetCredential('cred_a', NOW)
        expect((await store.snapshot()).credentials[0]?.resetStampMs).toBeGreaterThan(NOW)
        expect(
          await store.claimTrial({ credentialId: 'cred_a', scope: '*', holder: 'p2', untilMs: NOW + 9e6 }, NOW),
        ).toBe(true)
        expect(await refusal(store.resetCredential('cred_none', NOW))).toBe('not_found')
      }))

    it('gives a trial to one holder at a time, until its end', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        const claim = (holder: string, atMs: number, scope = '*') =>
          store.claimTrial({ credentialId: 'cred_a', scope, holder, untilMs: atMs + 1000 }, atMs)
        expect(await claim('p1', NOW)).toBe(true)
        expect(await claim('p2', NOW)).toBe(false)
        expect(await claim('p2', NOW + 999)).toBe(false)
        expect(await claim('p2', NOW, 'gpt-5.5')).toBe(true)
        expect(await claim('p2', NOW + 1000)).toBe(true)
        await store.endTrial('cred_a', '*', 'p1')
        expect(await claim('p3', NOW + 1001)).toBe(false)
        await store.endTrial('cred_a', '*', 'p2')
        expect(await claim('p3', NOW + 1002)).toBe(true)
        expect(
          await store.claimTrial({ credentialId: 'cred_none', scope: '*', holder: 'p', untilMs: NOW + 1 }, NOW),
        ).toBe(false)
      }))

    it('adds uses and never moves the last use back', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        await store.readings.addUses([{ credentialId: 'cred_a', count: 2, lastUsedAtMs: NOW + 5 }])
        await store.readings.addUses([
          { credentialId: 'cred_a', count: 3, lastUsedAtMs: NOW + 1 },
          { credentialId: 'cred_none', count: 1, lastUsedAtMs: NOW },
        ])
        await store.readings.addUses([])
        const { uses } = await store.readings.current()
        expect([...uses]).toEqual([['cred_a', { count: 5, lastUsedAtMs: NOW + 5 }]])
      }))

    it('moves one cursor per provider, without disturbing snapshots', () =>
      withStore(async (store) => {
        const before = await store.snapshot()
        expect(await store.peekTurn('openai')).toBe(0)
        expect([await store.nextTurn('openai'), await store.nextTurn('openai')]).toEqual([0, 1])
        expect(await store.nextTurn('anthropic')).toBe(0)
        expect(await store.peekTurn('openai')).toBe(2)
        expect(await store.snapshot()).toBe(before)
      }))

    it('says so when it is closed', () =>
      withStore(async (store) => {
        await store.addCredential(newCredential('a'), NOW)
        await store.close()
        await store.close()
        expect(await refusal(store.snapshot())).toBe('closed')
        expect(await refusal(store.readSecret('cred_a'))).toBe('closed')
        expect(await refusal(store.changeBench('cred_a', '*', () => benchOf()))).toBe('closed')
        expect(await refusal(store.nextTurn('openai'))).toBe('closed')
      }))

    it('shows what another connection committed at the next look', () =>
      withStore(async (store, under) => {
        const other = await under.openAgain?.()
        if (other === undefined) return
        await store.addCredential(newCredential('a'), NOW)
        const seen = await store.snapshot()
        expect((await other.snapshot()).credentials).toHaveLength(1)
        await other.changeBench('cred_a', '*', () => benchOf())
        const now = await store.snapshot()
        expect(now.benches).toEqual([benchOf()])
        expect(now.revision).toBeGreaterThan(seen.revision)
        expect(
          await other.claimTrial({ credentialId: 'cred_a', scope: '*', holder: 'p1', untilMs: NOW + 10 }, NOW),
        ).toBe(true)
        expect(
          await store.claimTrial({ credentialId: 'cred_a', scope: '*', holder: 'p2', untilMs: NOW + 10 }, NOW),
        ).toBe(false)
        expect(await other.nextTurn('openai')).toBe(0)
        expect(await store.nextTurn('openai')).toBe(1)
        // Claims and turns commit, but are no reason to read everything again.
        expect(await store.snapshot()).toBe(now)
        await other.replaceSecret('cred_a', { token: 'rotated' }, 'finger-2')
        expect((await store.snapshot()).credentials[0]?.generation).toBe(2)
        expect(await store.readSecret('cred_a')).toEqual({ token: 'rotated' })
        await other.close()
      }))

    it('keeps everything across a restart', () =>
      withStore(async (store, under) => {
        if (under.openAgain === undefined) return
        await store.addCredential(newCredential('a'), NOW)
        await store.changeBench('cred_a', '*', () => benchOf())
        await store.readings.addUses([{ credentialId: 'cred_a', count: 4, lastUsedAtMs: NOW }])
        await store.nextTurn('openai')
        const before = await store.snapshot()
        await store.close()
        const again = await under.openAgain()
        expect(await again.snapshot()).toEqual(before)
        expect(await again.readSecret('cred_a')).toEqual({ token: 'sk-secret-of-a' })
        expect(await again.nextTurn('openai')).toBe(1)
        await again.close()
      }))
  })
}
