import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blameOf, FAILURE_LABELS } from '../../src/failure/labels.ts'
import { HOLD_MS } from '../../src/pool/holder.ts'
import type { Bench } from '../../src/pool/bench.ts'
import type { Credential } from '../../src/pool/credential.ts'
import { STRATEGY_NAMES } from '../../src/pool/strategies.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { manualPlatform } from '../support/manual-platform.ts'
import { DAY, failureOf, requestOf, verdictOf } from '../support/pool-fixtures.ts'
import { LIMIT, MODELS, newWorld, play, type Seen, steps, type World } from '../support/pool-world.ts'
import { temporaryHome } from '../support/temporary-home.ts'

const RUNS = 300

/** Plays random histories of two processes on one store, and shows every step to the judge. */
async function always(
  judge: (seen: Seen) => void | Promise<void>,
  atTheEnd?: (world: World) => Promise<void>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(...STRATEGY_NAMES), async (history, strategy) => {
      const world = await newWorld(new MemoryStore(), strategy)
      await play(world, history, judge)
      await atTheEnd?.(world)
    }),
    { numRuns: RUNS, seed: 20_261_123 },
  )
}

// The oracle: written from the rules, sharing no code with the pool.
function blocking(
  seen: { readonly before: Seen['before'] },
  credential: Credential,
  model: string,
  nowMs: number,
): readonly Bench[] {
  return seen.before.benches.filter(
    (bench) =>
      bench.credentialId === credential.id &&
      (bench.scope === '*' || bench.scope === model) &&
      bench.tokenGeneration === credential.generation &&
      nowMs < bench.untilMs,
  )
}

function inFlight(world: World, pool: number, credentialId: string, except?: object): number {
  return world.lent.filter(
    (each) => !each.ended && each.pool === pool && each.lease !== except && each.lease.credential.id === credentialId,
  ).length
}

function changedBenches(seen: Seen): readonly { readonly was: Bench | undefined; readonly is: Bench | undefined }[] {
  const key = (bench: Bench) => `${bench.credentialId} ${bench.scope}`
  const was = new Map(seen.before.benches.map((bench) => [key(bench), bench]))
  const is = new Map(seen.after.benches.map((bench) => [key(bench), bench]))
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((each) => ({ was: was.get(each), is: is.get(each) }))
    .filter((each) => JSON.stringify(each.was) !== JSON.stringify(each.is))
}

describe('pool invariants over random histories', () => {
  it('I1 a failure changes only the credential and generation that served it', () =>
    always((seen) => {
      if (seen.did !== 'fail') return
      const { lease } = seen.lent
      const current = seen.before.credentials.find((each) => each.id === lease.credential.id)
      const changes = changedBenches(seen)
      if (current?.generation !== lease.tokenGeneration) expect(changes).toEqual([])
      for (const { was, is } of changes) {
        const bench = is ?? was
        if (bench?.credentialId === lease.credential.id) {
          expect(is?.tokenGeneration).toBe(lease.tokenGeneration)
          continue
        }
        // The one exception is mercy: correlated failures shorten the benches of others.
        expect(seen.failure.label).toMatch(/^auth_/)
        expect(is).toMatchObject({ dead: false, sinceMs: was?.sinceMs })
        expect(is?.untilMs).toBeLessThan(was?.untilMs ?? 0)
      }
    }))

  it('I2 request-blamed and provider-blamed failures never bench a credential', () =>
    always((seen) => {
      if (seen.did === 'fail' && blameOf(seen.failure.label) !== 'credential') expect(changedBenches(seen)).toEqual([])
    }))

  it('I4 a call tries each credential at most once per generation', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...FAILURE_LABELS), { minLength: 20, maxLength: 20 }),
        fc.array(fc.nat(3), { maxLength: 6 }),
        fc.constantFrom(...STRATEGY_NAMES),
        async (labels, renewed, strategy) => {
          const world = await newWorld(new MemoryStore(), strategy)
          const tried = new Map<string, number>()
          const attempts: string[] = []
          for (const label of labels) {
            const acquired = await world.pools[0]?.acquire(requestOf({ tried }))
            if (acquired?.kind !== 'lease') break
            const { lease } = acquired
            attempts.push(`${lease.credential.id} ${lease.tokenGeneration}`)
            tried.set(lease.credential.id, lease.tokenGeneration)
            await lease.fail(verdictOf(failureOf(label, world.platform.clock.now())))
            const fresh = renewed[attempts.length]
            if (fresh !== undefined)
              await world.store.replaceSecret(`cred_${'abcd'[fresh]}`, { token: 't' }, `f${attempts.length}`)
          }
          expect(new Set(attempts).size).toBe(attempts.length)
          expect(attempts.length).toBeLessThanOrEqual(4 + renewed.length)
        },
      ),
      { numRuns: RUNS, seed: 4 },
    ))

  it('I6 every lease ends exactly once, and what is out is counted', () =>
    always(async (seen) => {
      const { world } = seen
      if ((seen.did === 'fail' || seen.did === 'succeed' || seen.did === 'release') && seen.second) {
        expect(changedBenches(seen)).toEqual([])
      }
      for (const [index, pool] of world.pools.entries()) {
        for (const each of await pool.describe('openai'))
          expect(each.inFlight).toBe(inFlight(world, index, each.credential.id))
      }
    }))

  it('I7 if a ready credential exists for the route, acquire succeeds with one', () =>
    always((seen) => {
      if (seen.did !== 'acquire') return
      const except = seen.acquired.kind === 'lease' ? seen.acquired.lease : undefined
      const ready = seen.before.credentials.filter(
        (each) =>
          blocking(seen, each, seen.model, seen.nowMs).length === 0 &&
          (seen.tried.get(each.id) ?? 0) < each.generation &&
          inFlight(seen.world, seen.pool, each.id, except) < LIMIT,
      )
      // Places that the other process took before a long jump of the clock may be free again: whoever is free with them counted surely is.
      const surely = ready.filter(
        (each) => [0, 1].reduce((sum, pool) => sum + inFlight(seen.world, pool, each.id, except), 0) < LIMIT,
      )
      if (surely.length === 0) return
      expect(seen.acquired.kind).toBe('lease')
      expect(ready.map((each) => each.id)).toContain(except?.credential.id)
      expect(except?.trial).toBe(false)
    }))

  it('I8 a dead or benched credential is never lent except as the single trial', () =>
    always((seen) => {
      if (seen.did !== 'acquire' || seen.acquired.kind !== 'lease') return
      const { lease } = seen.acquired
      const benches = blocking(seen, lease.credential, seen.model, seen.nowMs)
      expect(lease.trial).toBe(benches.length > 0)
      if (!lease.trial) return
      for (const bench of benches) {
        expect(bench.dead).toBe(false)
        expect(bench.trialAtMs).toBeLessThanOrEqual(seen.nowMs)
      }
      const scope = benches.some((bench) => bench.scope === '*') ? '*' : seen.model
      const rivals = seen.world.lent.filter((each) => {
        const same = each.lease !== lease && each.lease.trial && each.lease.credential.id === lease.credential.id
        const reset = each.lease.credential.resetStampMs !== lease.credential.resetStampMs
        const covers = scope === '*' ? false : each.lease.model === scope
        return same && covers && !reset && !each.ended && seen.nowMs < each.lentAtMs + HOLD_MS
      })
      expect(rivals).toEqual([])
    }))

  it('I8 trials of one bench never overlap, however many ask at once', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 12 }),
        fc.array(fc.nat(1), { minLength: 12, maxLength: 12 }),
        async (calls, which) => {
          const world = await newWorld(new MemoryStore(), 'fill_first')
          for (const pool of [0, 1, 0, 1]) {
            const acquired = await world.pools[pool]?.acquire(requestOf())
            if (acquired?.kind !== 'lease') throw new Error('nothing to lend')
            await acquired.lease.fail(
              verdictOf(failureOf('quota_exhausted', world.platform.clock.now(), { retryAfterMs: DAY })),
            )
          }
          world.platform.advance(DAY / 2)
          const all = await Promise.all(
            Array.from({ length: calls }, async (_, call) => world.pools[which[call] ?? 0]?.acquire(requestOf())),
          )
          const lent = all.flatMap((each) => (each?.kind === 'lease' ? [each.lease.credential.id] : []))
          expect(new Set(lent).size).toBe(lent.length)
          expect(lent.length).toBe(Math.min(calls, 4))
        },
      ),
      { numRuns: 100, seed: 8 },
    ))

  it('I10 an aborted call leaves no trace on any credential', () =>
    always((seen) => {
      if (seen.did === 'release') expect(seen.after).toEqual(seen.before)
      if (seen.did === 'acquire') expect(seen.after.benches).toEqual(seen.before.benches)
    }))

  it('I10 an undone failure leaves the benches as they were', () =>
    fc.assert(
      fc.asyncProperty(
        steps,
        fc.constantFrom(...FAILURE_LABELS),
        fc.constantFrom(...MODELS),
        async (history, label, model) => {
          const world = await newWorld(new MemoryStore(), 'fill_first')
          await play(world, history, () => undefined)
          world.platform.advance(1)
          const { benches } = await world.store.snapshot()
          const acquired = await world.pools[0]?.acquire(requestOf({ model }))
          // Correlated mercy towards others is not taken back.
          if (acquired?.kind !== 'lease' || label.startsWith('auth_')) return
          await acquired.lease.fail(verdictOf(failureOf(label, world.platform.clock.now()), { callId: 'call_undone' }))
          await acquired.lease.undo()
          const sorted = (list: readonly Bench[]) => list.map((bench) => JSON.stringify(bench)).sort()
          expect(sorted((await world.store.snapshot()).benches)).toEqual(sorted(benches))
        },
      ),
      { numRuns: RUNS, seed: 10 },
    ))

  it('I13 every bench ends, and everyone is ready again after the longest one', () =>
    always(
      (seen) => {
        for (const bench of seen.after.benches) {
          expect(Number.isInteger(bench.untilMs)).toBe(true)
          expect(bench.untilMs).toBeLessThanOrEqual(bench.sinceMs + 46 * DAY + (seen.nowMs - bench.sinceMs))
          expect(bench.untilMs).toBeGreaterThan(bench.sinceMs)
          expect(bench.trialAtMs).toBeLessThanOrEqual(bench.untilMs)
          expect(bench.trialAtMs).toBeGreaterThan(bench.sinceMs)
        }
      },
      async (world) => {
        for (const each of world.lent) await each.lease.release()
        world.platform.advance(46 * DAY)
        expect(await world.pools[0]?.outlook(requestOf())).toMatchObject({ ready: 4, why: { benched: 0, dead: 0 } })
      },
    ))

  it('the same history on SQLite gives the same benches and the same choices', () =>
    fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const choices = async (world: World) => {
          const seen: string[] = []
          await play(world, history, (each) => {
            if (each.did === 'acquire')
              seen.push(each.acquired.kind === 'lease' ? each.acquired.lease.credential.id : 'nothing')
            seen.push(...each.after.benches.map((bench) => JSON.stringify(bench)).sort())
          })
          return seen
        }
        const sqlite = await openStore({ kind: 'sqlite', homeDirectory: temporaryHome() }, manualPlatform())
        const onDisk = await choices(await newWorld(sqlite, 'round_robin'))
        await sqlite.close()
        expect(onDisk).toEqual(await choices(await newWorld(new MemoryStore(), 'round_robin')))
      }),
      { numRuns: 15, seed: 13 },
    ))
})
