import type { Platform } from '../platform/platform.ts'
import type { Bench } from './bench.ts'
import { BenchBook } from './bench-book.ts'
import { BorrowedLease } from './borrowed-lease.ts'
import type { Credential } from './credential.ts'
import { EnvironmentSecrets } from './environment-secrets.ts'
import type { Acquired, AcquireRequest, Lease, NothingReady } from './lease.ts'
import type { PoolView } from './pool-view.ts'
import { type DueTrial, type Situation, type Standing, standingOf, type Survey, survey } from './selection.ts'
import { type Store, StoreError } from './store-contract.ts'
import { STRATEGIES, type StrategyName } from './strategies.ts'
import { TrialDesk } from './trial-desk.ts'
import { UseCounter } from './use-counter.ts'

export interface PoolOptions {
  readonly store: Store
  readonly platform: Platform
  /** Names this process in trial claims. @default a random id */
  readonly holder?: string
  readonly strategyFor: (provider: string) => StrategyName
  /** Calls at once per credential of a provider, in this process; 0 = no limit. @default 0 for all */
  readonly maxConcurrentFor?: (provider: string) => number
  /** Resolves credentials whose secret is an environment variable. @default none can be used */
  readonly readEnvironment?: (variable: string) => string | undefined
  /** Told about what was survived. Never carries a secret. */
  readonly onTrouble?: (trouble: PoolTrouble) => void
}

export interface PoolTrouble {
  /** A lease was ended a second time (ignored), or the store refused (kept in memory, tried again). */
  readonly kind: 'lease_ended_twice' | 'store_failed'
  readonly message: string
  readonly credentialId?: string
}

/** What `acquire` would find, without lending. */
export interface Outlook {
  /** Credentials that could be lent at once. */
  readonly ready: number
  /** Benched credentials whose single trial is due. */
  readonly trialsDue: number
  readonly why: NothingReady
}

/** One credential as people see it. */
export interface Described {
  readonly credential: Credential
  /** For calls of any model; benches of single models are only in `benches`. */
  readonly standing: Standing
  /** Those in force, of every scope. */
  readonly benches: readonly Bench[]
  /** Leases of this process. */
  readonly inFlight: number
  /** The next call without affinity goes here; nobody when the strategy is `random`. */
  readonly next: boolean
}

const NONE_TRIED: ReadonlyMap<string, number> = new Map()

/** Lends the credentials of all providers, each for one attempt at a time. */
export class CredentialPool {
  readonly #options: PoolOptions
  readonly #book: BenchBook
  readonly #uses: UseCounter
  readonly #trials: TrialDesk
  readonly #environment: EnvironmentSecrets
  readonly #inFlight = new Map<string, number>()
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(options: PoolOptions) {
    this.#options = options
    const { store, platform } = options
    const holder = options.holder ?? platform.random.id('pool')
    this.#book = new BenchBook(store, (error, credentialId) => this.#storeFailed(error, credentialId))
    this.#uses = new UseCounter(store, platform.timers, () => this.#book.writeKept())
    this.#trials = new TrialDesk(store, platform.clock, holder, (error) => this.#storeFailed(error))
    this.#environment = new EnvironmentSecrets(options.readEnvironment ?? (() => undefined))
  }

  /**
   * Lends a ready credential; else the single trial of a bench that is due; else says why not. Never waits for a credential.
   * @throws StoreError when the store could never be read
   */
  async acquire(request: AcquireRequest): Promise<Acquired> {
    const first = await this.#book.view()
    // Pools without references skip this: a healthy call stays short.
    if (!first.untroubled(request.provider)) {
      await this.#environment.announce(this.#options.store, first.credentialsOf(request.provider))
    }
    const ready = await this.#lendReady(request)
    if (ready !== undefined) return { kind: 'lease', lease: ready }
    for (const due of this.#survey(await this.#book.view(), request).trialsDue) {
      const lease = await this.#lendTrial(request, due)
      if (lease !== undefined) return { kind: 'lease', lease }
    }
    return { kind: 'nothing', why: this.#survey(await this.#book.view(), request).why }
  }

  /** Counts what `acquire` would find; lends and writes nothing. */
  async outlook(request: AcquireRequest): Promise<Outlook> {
    const found = this.#survey(await this.#book.view(), request)
    return { ready: found.ready.length, trialsDue: found.trialsDue.length, why: found.why }
  }

  /** Waits until a lease of this provider ends in this process, e.g. because all credentials were busy. */
  async waitForChange(
    provider: string,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<'changed' | 'elapsed' | 'aborted'> {
    const cut = new AbortController()
    const waiting = this.#waiting.get(provider) ?? new Set()
    this.#waiting.set(provider, waiting)
    let changed = false
    const wake = () => {
      changed = true
      cut.abort()
    }
    waiting.add(wake)
    const either = signal === undefined ? cut.signal : AbortSignal.any([signal, cut.signal])
    const ended = await this.#options.platform.timers.sleep(timeoutMs, either)
    waiting.delete(wake)
    return changed ? 'changed' : ended
  }

  /** Every credential with its standing, in the order in which `fill_first` would take them. Changes nothing. */
  async describe(provider?: string): Promise<readonly Described[]> {
    const view = await this.#book.view()
    const described: Described[] = []
    for (const name of provider === undefined ? view.providers : [provider]) {
      const situation = this.#situation({ provider: name, model: undefined, tried: NONE_TRIED })
      const nextId = await this.#nextOf(name, survey(view.credentialsOf(name), view.benchesOf, situation))
      for (const credential of view.credentialsOf(name)) {
        const benches = view.benchesOf(credential.id)
        described.push({
          credential,
          standing: standingOf(credential, benches, situation),
          benches: benches.filter((bench) => situation.nowMs < bench.untilMs),
          inFlight: this.#inFlight.get(credential.id) ?? 0,
          next: credential.id === nextId,
        })
      }
    }
    return described
  }

  /** Writes what is still counted in memory. Leases that are out may still end afterwards. Does not close the store. */
  async close(): Promise<void> {
    await this.#uses.close()
  }

  async #lendReady(request: AcquireRequest): Promise<Lease | undefined> {
    const strategy = STRATEGIES[this.#options.strategyFor(request.provider)]
    let turn: number | undefined
    for (;;) {
      const { ready } = this.#survey(await this.#book.view(), request)
      if (ready.length === 0) return undefined
      const preferred =
        request.preferred === undefined ? undefined : ready.find((each) => each.id === request.preferred)
      if (preferred !== undefined) return this.#lend(preferred, request, undefined)
      if (strategy.takesTurns && ready.length > 1 && turn === undefined) {
        turn = await this.#nextTurn(request.provider)
        // Benches and free places may have changed while the turn was taken: look again before lending.
        continue
      }
      const picked = strategy.pick({
        ready,
        turn: turn ?? 0,
        chance: this.#options.platform.random.next(),
        usesNotCounted: (id) => this.#uses.notCounted(id),
      })
      return this.#lend(picked ?? ready[0], request, undefined)
    }
  }

  async #lendTrial(request: AcquireRequest, due: DueTrial): Promise<Lease | undefined> {
    const claim = await this.#trials.claim(due.credential.id, due.scope)
    if (claim === undefined) return undefined
    // Another process may have finished its trial between our look and our claim: only a bench that is still due is tested.
    const now = this.#survey(await this.#book.view(), request)
    const still = now.trialsDue.find((each) => each.credential.id === due.credential.id && each.scope === due.scope)
    if (still !== undefined) return this.#lend(still.credential, request, claim)
    await this.#trials.end(claim)
    return now.ready.length > 0 ? this.#lendReady(request) : undefined
  }

  #lend(credential: Credential | undefined, request: AcquireRequest, claim: string | undefined): Lease | undefined {
    if (credential === undefined) return undefined
    const { platform } = this.#options
    this.#inFlight.set(credential.id, (this.#inFlight.get(credential.id) ?? 0) + 1)
    this.#uses.add(credential.id, platform.clock.now())
    return new BorrowedLease(credential, request.model, claim !== undefined, {
      book: this.#book,
      platform,
      attributable: this.#environment.agrees(credential),
      readSecret: (of) => this.#readSecret(of),
      takeBack: async () => {
        this.#free(credential)
        if (this.#book.keepsUnwritten) this.#uses.wake()
        if (claim !== undefined) await this.#trials.end(claim)
      },
      onSecondEnding: (what) =>
        this.#options.onTrouble?.({
          kind: 'lease_ended_twice',
          message: `lease ended twice: ${what}`,
          credentialId: credential.id,
        }),
    })
  }

  #free(credential: Credential): void {
    const left = (this.#inFlight.get(credential.id) ?? 1) - 1
    if (left > 0) this.#inFlight.set(credential.id, left)
    else this.#inFlight.delete(credential.id)
    const waiting = this.#waiting.get(credential.provider)
    if (waiting === undefined) return
    this.#waiting.delete(credential.provider)
    for (const wake of waiting) wake()
  }

  async #readSecret(credential: Credential) {
    if (credential.source.kind === 'env') return this.#environment.secretOf(credential)
    const secret = await this.#options.store.readSecret(credential.id)
    if (secret === undefined) throw new StoreError('not_found', `credential ${credential.label} was removed`)
    return secret
  }

  #survey(view: PoolView, request: AcquireRequest): Survey {
    const credentials = view.credentialsOf(request.provider)
    const situation = this.#situation(request)
    if (view.untroubled(request.provider) && request.tried.size === 0 && situation.limit === 0) {
      const why = { total: credentials.length, benched: 0, dead: 0, tried: 0, busy: 0 }
      return { ready: credentials, trialsDue: [], why }
    }
    return survey(credentials, view.benchesOf, situation)
  }

  #situation(request: {
    readonly provider: string
    readonly model: string | undefined
    readonly tried: ReadonlyMap<string, number>
  }): Situation {
    return {
      nowMs: this.#options.platform.clock.now(),
      model: request.model,
      tried: request.tried,
      inFlight: (id) => this.#inFlight.get(id) ?? 0,
      limit: this.#options.maxConcurrentFor?.(request.provider) ?? 0,
      missing: (credential) => this.#environment.missing(credential),
    }
  }

  async #nextOf(provider: string, found: Survey): Promise<string | undefined> {
    const name = this.#options.strategyFor(provider)
    if (found.ready.length === 0) return found.trialsDue[0]?.credential.id
    if (name === 'random' && found.ready.length > 1) return undefined
    const turn = STRATEGIES[name].takesTurns ? await this.#options.store.peekTurn(provider) : 0
    return STRATEGIES[name].pick({
      ready: found.ready,
      turn,
      chance: 0,
      usesNotCounted: (id) => this.#uses.notCounted(id),
    })?.id
  }

  /** When the store refuses, chance takes turns. */
  async #nextTurn(provider: string): Promise<number> {
    try {
      return await this.#options.store.nextTurn(provider)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'closed') throw error
      this.#storeFailed(error)
      return Math.floor(this.#options.platform.random.next() * 1_000_000)
    }
  }

  #storeFailed(error: StoreError, credentialId?: string): void {
    this.#options.onTrouble?.({
      kind: 'store_failed',
      message: `${error.code}: ${error.message}`,
      ...(credentialId === undefined ? {} : { credentialId }),
    })
  }
}
