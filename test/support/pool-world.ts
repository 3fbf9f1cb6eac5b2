import fc from 'fast-check'
import type { Failure } from '../../src/failure/evidence.ts'
import { FAILURE_LABELS, type FailureLabel } from '../../src/failure/labels.ts'
import type { Acquired, Lease } from '../../src/pool/lease.ts'
import { CredentialPool } from '../../src/pool/pool.ts'
import type { PoolSnapshot, Store } from '../../src/pool/store-contract.ts'
import type { StrategyName } from '../../src/pool/strategies.ts'
import { type ManualPlatform, manualPlatform } from './manual-platform.ts'
import { failureOf, newCredential, requestOf, verdictOf } from './pool-fixtures.ts'

const NAMES = ['a', 'b', 'c', 'd'] as const
export const MODELS = ['gpt-5.5', 'claude'] as const
export const LIMIT = 2

export interface Lent {
  readonly lease: Lease
  readonly pool: number
  readonly lentAtMs: number
  ended: boolean
}

/** What a step did, with everything needed to judge it. */
export type Seen = {
  readonly before: PoolSnapshot
  readonly after: PoolSnapshot
  readonly nowMs: number
  readonly world: World
} & (
  | {
      readonly did: 'acquire'
      readonly pool: number
      readonly model: string
      readonly tried: ReadonlyMap<string, number>
      readonly acquired: Acquired
    }
  | { readonly did: 'fail'; readonly lent: Lent; readonly failure: Failure; readonly second: boolean }
  | { readonly did: 'succeed' | 'release' | 'undo'; readonly lent: Lent; readonly second: boolean }
  | { readonly did: 'advance' | 'replace' | 'reset' }
)

/** Two processes (pools) on one store, with everything that may happen to them. */
export interface World {
  readonly platform: ManualPlatform
  readonly store: Store
  readonly pools: readonly CredentialPool[]
  readonly lent: Lent[]
  readonly troubles: string[]
}

type Judge = (seen: Seen) => void | Promise<void>

export async function newWorld(store: Store, strategy: StrategyName): Promise<World> {
  const platform = manualPlatform()
  for (const name of NAMES) await store.addCredential(newCredential(name), platform.clock.now())
  const troubles: string[] = []
  const pools = ['p', 'q'].map(
    (holder) =>
      new CredentialPool({
        store,
        platform,
        holder,
        strategyFor: () => strategy,
        maxConcurrentFor: () => LIMIT,
        onTrouble: (trouble) => troubles.push(trouble.kind),
      }),
  )
  return { platform, store, pools, lent: [], troubles }
}

/** One step of a random history. */
export type Step =
  | {
      readonly do: 'acquire'
      readonly pool: number
      readonly model: number
      readonly triedLast: number
      readonly preferred: number
    }
  | {
      readonly do: 'fail'
      readonly which: number
      readonly label: FailureLabel
      readonly hintMs: number | undefined
      readonly modelScoped: boolean
      readonly lastHope: boolean
    }
  | { readonly do: 'succeed' | 'release' | 'undo'; readonly which: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'replace' | 'reset'; readonly credential: number }

const which = fc.nat(40)
const CREDENTIAL_LABELS: readonly FailureLabel[] = [
  'auth_expired',
  'auth_revoked',
  'rate_limit',
  'quota_exhausted',
  'billing',
  'entitlement',
]

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('acquire' as const),
        pool: fc.nat(1),
        model: fc.nat(1),
        triedLast: fc.nat(3),
        preferred: fc.nat(8),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('fail' as const),
        which,
        label: fc.oneof(
          { weight: 3, arbitrary: fc.constantFrom(...CREDENTIAL_LABELS) },
          { weight: 1, arbitrary: fc.constantFrom(...FAILURE_LABELS) },
        ),
        hintMs: fc.option(
          fc.oneof(
            fc.integer({ min: -10_000, max: 120_000 }),
            fc.integer({ min: 0, max: 90 * 86_400_000 }),
            fc.constant(Number.NaN),
          ),
          { nil: undefined },
        ),
        modelScoped: fc.boolean(),
        lastHope: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom('succeed' as const, 'release' as const, 'undo' as const), which }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('advance' as const),
        ms: fc.oneof(fc.nat(2000), fc.nat(1_000_000), fc.nat(86_400_000)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom('replace' as const, 'reset' as const), credential: fc.nat(3) }),
    },
  ),
  { maxLength: 50, size: 'max' },
)

/** Plays a history and shows every step to the judge. */
export async function play(world: World, history: readonly Step[], judge: Judge): Promise<void> {
  let count = 0
  for (const step of history) {
    count += 1
    const before = await world.store.snapshot()
    const nowMs = world.platform.clock.now()
    const done = await act(world, step, count)
    if (done === undefined) continue
    await judge({ ...done, before, after: await world.store.snapshot(), nowMs, world })
  }
}

type Done = Seen extends infer Each
  ? Each extends Seen
    ? Omit<Each, 'before' | 'after' | 'nowMs' | 'world'>
    : never
  : never

async function act(world: World, step: Step, count: number): Promise<Done | undefined> {
  const { platform, store, pools, lent } = world
  switch (step.do) {
    case 'acquire': {
      const tried = new Map<string, number>()
      for (const each of lent.slice(lent.length - step.triedLast))
        tried.set(each.lease.credential.id, each.lease.tokenGeneration)
      const model = MODELS[step.model] ?? 'm'
      const preferred = NAMES[step.preferred]
      const request = requestOf({
        model,
        tried,
        ...(preferred === undefined ? {} : { preferred: `cred_${preferred}` }),
      })
      const acquired = await pools[step.pool]?.acquire(request)
      if (acquired === undefined) return undefined
      if (acquired.kind === 'lease')
        lent.push({ lease: acquired.lease, pool: step.pool, lentAtMs: platform.clock.now(), ended: false })
      return { did: 'acquire', pool: step.pool, model, tried, acquired }
    }
    case 'fail':
    case 'succeed':
    case 'release':
    case 'undo': {
      const chosen = lent[step.which % Math.max(1, lent.length)]
      if (chosen === undefined) return undefined
      const second = chosen.ended
      if (step.do === 'undo') {
        await chosen.lease.undo()
        return { did: 'undo', lent: chosen, second }
      }
      chosen.ended = true
      if (step.do !== 'fail') {
        await chosen.lease[step.do]()
        return { did: step.do, lent: chosen, second }
      }
      const failure = failureOf(step.label, platform.clock.now(), {
        modelScoped: step.modelScoped,
        ...(step.hintMs === undefined ? {} : { retryAfterMs: step.hintMs }),
      })
      await chosen.lease.fail(verdictOf(failure, { callId: `call_${count}`, lastHope: step.lastHope }))
      return { did: 'fail', lent: chosen, failure, second }
    }
    case 'advance':
      platform.advance(step.ms)
      return { did: 'advance' }
    case 'replace':
      await store.replaceSecret(`cred_${NAMES[step.credential]}`, { token: `t${count}` }, `finger-${count}`)
      return { did: 'replace' }
    case 'reset':
      await store.resetCredential(`cred_${NAMES[step.credential]}`, platform.clock.now())
      return { did: 'reset' }
  }
}
