import type fc from 'fast-check'
import { expect } from 'vitest'
import type { FailureLabel } from '../../src/failure/labels.ts'
import { blameOf } from '../../src/failure/labels.ts'
import type { Bench } from '../../src/pool/bench.ts'
import type { Credential } from '../../src/pool/credential.ts'
import { HOLD_MS } from '../../src/pool/holder.ts'
import type { Store } from '../../src/pool/store-contract.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { type ManualPlatform, manualPlatform } from './manual-platform.ts'
import { DAY, newCredential } from './pool-fixtures.ts'

export const NAMES = ['a', 'b', 'c'] as const
const LONGEST_BENCH_MS = 45 * DAY

interface Charge {
  readonly credentialId: string
  readonly generation: number
  readonly resetStampMs: number
  readonly label: FailureLabel
}

/** An acquire that is under way, with everything that was true at some moment while it was. */
export interface Asking {
  readonly model: string
  readonly tried: ReadonlyMap<string, number>
  readonly pool: string
  /** At some moment it was not free to be lent. */
  readonly unready: Set<string>
  /** At some moment its single trial was due. */
  readonly due: Set<string>
}

interface Claim {
  readonly key: string
  readonly holder: string
  untilMs: number
  used: boolean
}

/** One store whose methods the scheduler puts in order, and what the rules say about every state it goes through. Shares no code with the pool. */
export class PoolModel {
  readonly platform: ManualPlatform = manualPlatform()
  readonly inner = new MemoryStore()
  readonly limit: number
  readonly asking = new Set<Asking>()
  readonly charges = new Map<string, Charge>()
  /** Credentials whose usage endpoint has said that there is room, or whose call has succeeded: their benches may go. */
  readonly mayLift = new Set<string>()
  /** Places that a lease may still hold, those of the dead included. */
  readonly out = new Map<string, number>()
  readonly dead = new Set<string>()
  readonly #claims = new Map<string, Claim>()
  readonly #scheduler: fc.Scheduler
  latestMs = 0
  credentials: readonly Credential[] = []
  benches: readonly Bench[] = []

  constructor(scheduler: fc.Scheduler, limit: number) {
    this.#scheduler = scheduler
    this.limit = limit
  }

  async begin(): Promise<void> {
    for (const name of NAMES) await this.inner.addCredential(newCredential(name), this.platform.clock.now())
    await this.moment()
  }

  /** Something may have changed: judges the state, and shows it to everyone who asks. */
  async moment(): Promise<void> {
    const snapshot = await this.inner.snapshot()
    this.#judge(snapshot.benches)
    this.credentials = snapshot.credentials
    this.benches = snapshot.benches
    this.latestMs = Math.max(this.latestMs, this.platform.clock.now())
    for (const asking of this.asking) this.look(asking)
  }

  look(asking: Asking): void {
    for (const credential of this.credentials) {
      const blocking = this.blocking(credential, asking.model)
      const tried = (asking.tried.get(credential.id) ?? 0) >= credential.generation
      // Everyone else who asks may be about to take the last place.
      const taken = (this.out.get(credential.id) ?? 0) + this.asking.size - 1
      if (blocking.length > 0 || tried || (this.limit > 0 && taken >= this.limit)) asking.unready.add(credential.id)
      const nowMs = this.platform.clock.now()
      if (blocking.length > 0 && blocking.every((bench) => !bench.dead && bench.trialAtMs <= nowMs))
        asking.due.add(credential.id)
    }
  }

  blocking(credential: Credential, model: string): readonly Bench[] {
    return this.benches.filter(
      (bench) =>
        bench.credentialId === credential.id &&
        bench.tokenGeneration === credential.generation &&
        (bench.scope === '*' || bench.scope === model) &&
        this.platform.clock.now() < bench.untilMs,
    )
  }

  /** I8: a trial lease stands on a claim of its own. */
  useClaim(pool: string, credentialId: string): void {
    const claim = [...this.#claims.values()].find(
      (each) => !each.used && each.holder.startsWith(`${pool}/`) && each.key.startsWith(`${credentialId} `),
    )
    expect(claim).toBeDefined()
    if (claim !== undefined) claim.used = true
  }

  reset(credentialId: string): void {
    this.mayLift.add(credentialId)
    for (const [name, claim] of this.#claims) if (claim.key.startsWith(`${credentialId} `)) this.#claims.delete(name)
  }

  /** The store as one process sees it: each method waits for its turn, and a process that died hears no more. */
  storeFor(pool: string): Store {
    const wrap = <Target extends object>(target: Target, part: string): Target =>
      new Proxy(target, {
        get: (_, name) => {
          const member: unknown = Reflect.get(target, name, target)
          if (name === 'readings' || name === 'places' || name === 'sessions') return wrap(member as object, `${name}.`)
          if (typeof member !== 'function') return member
          return (...given: unknown[]) =>
            this.#inTurn(pool, `${part}${String(name)}`, given, member.bind(target) as Method)
        },
      })
    return wrap<Store>(this.inner, '')
  }

  async #inTurn(pool: string, name: string, given: readonly unknown[], method: Method): Promise<unknown> {
    await this.#scheduler.schedule(Promise.resolve(), `${pool} ${name}`)
    if (this.dead.has(pool)) return new Promise(() => {})
    const result = await method(...given)
    this.#follow(name, given, result)
    if (WRITES.has(name)) await this.moment()
    return result
  }

  #follow(name: string, given: readonly unknown[], result: unknown): void {
    const nowMs = this.platform.clock.now()
    if (name === 'claimTrial' && result === true) {
      const { credentialId, scope, holder, untilMs } = given[0] as Parameters<Store['claimTrial']>[0]
      const key = `${credentialId} ${scope}`
      // I8: one trial at a time, over all processes, until its holder has been silent for too long.
      expect([...this.#claims.values()].filter((each) => each.key === key && nowMs < each.untilMs)).toEqual([])
      expect(untilMs).toBeLessThanOrEqual(nowMs + HOLD_MS)
      this.#claims.set(holder, { key, holder, untilMs, used: false })
    }
    if (name === 'endTrial') this.#claims.delete(given[2] as string)
    if (name !== 'places.keepAlive') return
    for (const claim of this.#claims.values())
      if (claim.holder.startsWith(`${given[0] as string}/`)) claim.untilMs = given[1] as number
  }

  #judge(benches: readonly Bench[]): void {
    const nowMs = this.platform.clock.now()
    const key = (bench: Bench) => `${bench.credentialId} ${bench.scope}`
    const was = new Map(this.benches.map((bench) => [key(bench), bench]))
    const is = new Set(benches.map(key))
    for (const bench of was.values()) {
      // I10: nothing is lifted but by a success, by the provider's word, by a reset or an undo.
      if (!is.has(key(bench))) expect([...this.mayLift]).toContain(bench.credentialId)
    }
    for (const bench of benches) {
      if (was.get(key(bench)) === bench) continue
      // I1, I2: it was charged by a call that this credential served, in this generation, with a failure of its own.
      const charge = this.charges.get(bench.evidence.callId ?? '')
      expect(charge).toMatchObject({ credentialId: bench.credentialId, generation: bench.tokenGeneration })
      expect(charge?.label).toBe(bench.reason)
      expect(blameOf(bench.reason)).toBe('credential')
      const owner = this.credentials.find((each) => each.id === bench.credentialId)
      const isNew = was.get(key(bench))?.evidence.callId !== bench.evidence.callId
      if (isNew) expect([owner?.generation, owner?.resetStampMs]).toEqual([charge?.generation, charge?.resetStampMs])
      // I13: every bench ends.
      expect(Number.isSafeInteger(bench.untilMs)).toBe(true)
      expect(bench.untilMs).toBeLessThanOrEqual(
        this.latestMs + (nowMs < this.latestMs ? 0 : nowMs - this.latestMs) + LONGEST_BENCH_MS,
      )
      expect(bench.trialAtMs).toBeLessThanOrEqual(bench.untilMs)
    }
  }
}

type Method = (...given: readonly unknown[]) => Promise<unknown>

const WRITES = new Set(['changeBench', 'resetCredential', 'replaceSecret', 'places.take', 'places.giveBack'])
