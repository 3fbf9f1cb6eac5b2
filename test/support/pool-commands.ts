import fc from 'fast-check'
import { expect } from 'vitest'
import { FAILURE_LABELS, type FailureLabel } from '../../src/failure/labels.ts'
import type { Lease } from '../../src/pool/lease.ts'
import { CredentialPool } from '../../src/pool/pool.ts'
import type { StrategyName } from '../../src/pool/strategies.ts'
import { DEFAULT_POLICY } from '../../src/recovery/policy.ts'
import { failureOf, requestOf, verdictOf } from './pool-fixtures.ts'
import { type Asking, NAMES, PoolModel } from './pool-model.ts'

const MODELS = ['gpt-5.5', 'claude'] as const
const CALLS = 3

interface Lent {
  readonly lease: Lease
  readonly pool: string
  readonly call: number
  ending: boolean
  ended: boolean
}

/** The real thing: two processes at a time on one store, and what is under way in them. */
export class PoolRun {
  readonly model: PoolModel
  readonly scheduler: fc.Scheduler
  readonly strategy: StrategyName
  readonly pools: { name: string; pool: CredentialPool }[] = []
  readonly lent: Lent[] = []
  readonly tried = Array.from({ length: CALLS }, () => new Map<string, number>())
  readonly room = new Set<string>()
  readonly running = new Map<Promise<void>, string>()
  readonly wrongs: unknown[] = []
  secondEndings = 0
  reportedSecondEndings = 0
  leases = 0
  #names = 0
  /** Makes names that never come again. */
  count = 0

  constructor(scheduler: fc.Scheduler, strategy: StrategyName, limit: number) {
    this.scheduler = scheduler
    this.strategy = strategy
    this.model = new PoolModel(scheduler, limit)
  }

  async begin(): Promise<void> {
    await this.model.begin()
    this.start(0)
    this.start(1)
  }

  /** A process begins; the one that was there before is dead: it hears and does nothing more. */
  start(index: number): void {
    const before = this.pools[index]
    if (before !== undefined) this.model.dead.add(before.name)
    this.#names += 1
    const name = `p${this.#names}`
    const { platform } = this.model
    const alive = (callback: () => void) => () => {
      if (!this.model.dead.has(name)) callback()
    }
    const pool = new CredentialPool({
      store: this.model.storeFor(name),
      platform: {
        ...platform,
        timers: { ...platform.timers, after: (ms, then) => platform.timers.after(ms, alive(then)) },
      },
      holder: name,
      strategyFor: () => this.strategy,
      maxConcurrentFor: () => this.model.limit,
      onTrouble: (trouble) => {
        expect(trouble.kind).toBe('lease_ended_twice')
        this.reportedSecondEndings += 1
      },
      probeUsage: {
        canProbe: () => true,
        probe: async ({ id }) => {
          const free = this.room.has(id)
          await this.scheduler.schedule(Promise.resolve(), `${name} probe ${id}`)
          if (!free) return undefined
          this.model.mayLift.add(id)
          return { windows: [{ name: '5h', usedPercent: 10 }], hasCredits: true }
        },
      },
    })
    this.pools[index] = { name, pool }
  }

  /** Begins something that goes on while other commands run. */
  launch(pool: string, work: () => Promise<void>): void {
    const promise = work()
      .catch((error: unknown) => void this.wrongs.push(error))
      .finally(() => this.running.delete(promise))
    this.running.set(promise, pool)
  }

  /** The scheduler lets so many store methods run, in its own order. */
  async step(count: number): Promise<void> {
    await settle()
    for (let done = 0; done < count && this.scheduler.count() > 0; done += 1) {
      await this.scheduler.waitOne()
      await settle()
    }
    if (this.wrongs.length > 0) throw this.wrongs[0]
  }

  acquire(index: number, call: number, which: number): void {
    const { name, pool } = this.pools[index] ?? { name: '', pool: undefined }
    const model = MODELS[which] ?? ''
    const tried = new Map(this.tried[call])
    const asking: Asking = { model, tried, pool: name, unready: new Set(), due: new Set() }
    this.launch(name, async () => {
      this.model.asking.add(asking)
      for (const each of this.model.asking) this.model.look(each)
      const acquired = await pool?.acquire(requestOf({ model, tried }))
      this.model.asking.delete(asking)
      if (acquired?.kind !== 'lease') {
        // I7: whoever was free all the time would have been lent.
        expect(asking.unready.size).toBe(NAMES.length)
        return
      }
      const { lease } = acquired
      const { id } = lease.credential
      this.leases += 1
      this.lent.push({ lease, pool: name, call, ending: false, ended: false })
      this.model.out.set(id, (this.model.out.get(id) ?? 0) + 1)
      for (const each of this.model.asking) this.model.look(each)
      // I4: at most once per generation.
      expect(lease.tokenGeneration).toBeGreaterThan(tried.get(id) ?? 0)
      // I8: at this very moment nothing stands against it, or it is the trial of what stood.
      if (lease.trial) {
        expect([...asking.due]).toContain(id)
        this.model.useClaim(name, id)
      } else expect(this.model.blocking(lease.credential, model)).toEqual([])
    })
  }

  end(which: number, how: 'succeed' | 'release' | 'fail', label: FailureLabel, hintMs: number | undefined): void {
    const open = this.lent.filter((each) => !each.ending && !this.model.dead.has(each.pool))
    // Now and then one that has ended before.
    const among = which % 8 === 7 || open.length === 0 ? this.lent : open
    const lent = among[which % Math.max(1, among.length)]
    if (lent !== undefined && !this.model.dead.has(lent.pool)) this.#endOne(lent, how, label, hintMs)
  }

  #endOne(lent: Lent, how: 'succeed' | 'release' | 'fail', label: FailureLabel, hintMs?: number): void {
    const { lease } = lent
    const { id, resetStampMs } = lease.credential
    if (lent.ending) this.secondEndings += 1
    const first = !lent.ending
    lent.ending = true
    if (how === 'succeed' && first) this.model.mayLift.add(id)
    this.count += 1
    const callId = `call_${this.count}`
    if (how === 'fail' && first) {
      this.model.charges.set(callId, { credentialId: id, generation: lease.tokenGeneration, resetStampMs, label })
      this.tried[lent.call]?.set(id, lease.tokenGeneration)
    }
    const failure = failureOf(label, this.model.platform.clock.now(), {
      ...(hintMs === undefined ? {} : { retryAfterMs: hintMs }),
    })
    // I2 must hold whatever a user's policy says.
    const hostile = failure.blame === 'credential' ? {} : { terms: DEFAULT_POLICY.billing.bench }
    this.launch(lent.pool, async () => {
      await (how === 'fail' ? lease.fail(verdictOf(failure, { callId, ...hostile })) : lease[how]())
      if (!first) return
      lent.ended = true
      this.model.out.set(id, (this.model.out.get(id) ?? 0) - 1)
    })
  }

  /** One account after the other is found empty for a month, and an hour goes by: from now on there are only trials. */
  async drain(): Promise<void> {
    for (const _ of NAMES) {
      this.tried[0] = new Map()
      this.acquire(0, 0, 0)
      await this.step(Number.POSITIVE_INFINITY)
      const newest = this.lent.at(-1)
      if (newest !== undefined && !newest.ending && !this.model.dead.has(newest.pool))
        this.#endOne(newest, 'fail', 'quota_exhausted', 30 * 86_400_000)
      await this.step(Number.POSITIVE_INFINITY)
    }
    this.tried[0] = new Map()
    this.model.platform.advance(3_600_000)
    await this.model.moment()
  }

  /** Everything that is under way comes to its end; then I6 and I13 must hold. */
  async finish(): Promise<void> {
    await this.step(Number.POSITIVE_INFINITY)
    expect([...this.running.values()].filter((pool) => !this.model.dead.has(pool))).toEqual([])
    expect(this.reportedSecondEndings).toBe(this.secondEndings)
    for (const lent of this.lent)
      if (!lent.ending && !this.model.dead.has(lent.pool)) this.#endOne(lent, 'release', 'unknown')
    await this.step(Number.POSITIVE_INFINITY)
    for (const { pool } of this.pools) {
      const described = pool.describe('openai')
      await this.step(Number.POSITIVE_INFINITY)
      expect((await described).map((each) => each.inFlight)).toEqual(NAMES.map(() => 0))
    }
    const { platform } = this.model
    platform.advance(this.model.latestMs - platform.clock.now() + 46 * 86_400_000)
    await this.step(Number.POSITIVE_INFINITY)
    const outlook = this.pools[0]?.pool.outlook(requestOf())
    await this.step(Number.POSITIVE_INFINITY)
    expect(await outlook).toMatchObject({ ready: NAMES.length, why: { benched: 0, dead: 0 } })
  }
}

/** Lets what was released run as far as it can without another store method. */
async function settle(): Promise<void> {
  for (let hop = 0; hop < 40; hop += 1) await Promise.resolve()
}

type Command = fc.AsyncCommand<object, PoolRun>

function command(name: string, act: (run: PoolRun) => void | Promise<void>): Command {
  return {
    check: () => true,
    async run(_, run) {
      await act(run)
      await run.step(0)
    },
    toString: () => name,
  }
}

const index = fc.nat(1)
const which = fc.nat(20)
const name = fc.constantFrom(...NAMES)
const CHARGED: readonly FailureLabel[] = [
  'auth_expired',
  'auth_revoked',
  'rate_limit',
  'billing',
  'quota_exhausted',
  'quota_exhausted',
  'quota_exhausted',
]
const label = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...CHARGED) },
  { weight: 1, arbitrary: fc.constantFrom(...FAILURE_LABELS) },
)
const hint = fc.option(
  fc.oneof(fc.integer({ min: -10_000, max: 120_000 }), fc.integer({ min: 21_600_000, max: 90 * 86_400_000 })),
  { nil: undefined },
)
const jump = fc.oneof(
  fc.nat(6000),
  fc.integer({ min: 900_000, max: 7_200_000 }),
  fc.nat(3 * 86_400_000),
  fc.integer({ min: -7_200_000, max: 0 }),
)
const acquire = fc
  .tuple(index, fc.nat(CALLS - 1), fc.nat(1))
  .map((given) => command(`acquire ${given.join(' ')}`, (run) => run.acquire(...given)))
const fail = fc
  .tuple(which, label, hint)
  .map(([at, as, ms]) => command(`fail ${at} ${as} ${ms}`, (run) => run.end(at, 'fail', as, ms)))
const progress = fc.integer({ min: 1, max: 12 }).map((count) => command(`step ${count}`, (run) => run.step(count)))

/** Everything that may happen to a pool, more often what makes trouble. */
export const POOL_COMMANDS: fc.Arbitrary<Command>[] = [
  acquire,
  acquire,
  acquire,
  progress,
  progress,
  progress,
  fail,
  fail,
  fc
    .tuple(which, fc.constantFrom('succeed' as const, 'release' as const))
    .map(([at, how]) => command(`${how} ${at}`, (run) => run.end(at, how, 'unknown', undefined))),
  fc.constant(command('all are empty', (run) => run.drain())),
  index.map((at) => command(`the process ${at} dies`, (run) => run.start(at))),
  jump.map((ms) =>
    command(`clock ${ms}`, async (run) => {
      run.model.platform.advance(ms)
      await run.model.moment()
    }),
  ),
  name.map((each) =>
    command(`new secret ${each}`, async (run) => {
      run.count += 1
      await run.model.inner.replaceSecret(`cred_${each}`, { token: 't' }, `finger-${run.count}`)
      await run.model.moment()
    }),
  ),
  name.map((each) =>
    command(`reset ${each}`, async (run) => {
      run.model.reset(`cred_${each}`)
      await run.model.inner.resetCredential(`cred_${each}`, run.model.platform.clock.now())
      await run.model.moment()
    }),
  ),
  name.map((each) => command(`room at ${each}`, (run) => void run.room.add(`cred_${each}`))),
]
