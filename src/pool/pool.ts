import { keyIsRefused } from './bench.ts'
import { BenchBook } from './bench-book.ts'
import { BorrowedLease } from './borrowed-lease.ts'
import type { Choice } from './choice.ts'
import { Chooser, type ChoiceTerms } from './chooser.ts'
import type { Credential, Secret } from './credential.ts'
import { explainOthers } from './explain.ts'
import { Holder } from './holder.ts'
import type { Acquired, AcquireRequest, Lease } from './lease.ts'
import { PlaceDesk } from './place-desk.ts'
import type { Described, Outlook, PoolOptions } from './pool-options.ts'
import type { PoolView } from './pool-view.ts'
import { ProbeDesk } from './probe-desk.ts'
import type { QuotaReading } from './quota.ts'
import { QuotaBook } from './quota-book.ts'
import { ReadingsView } from './readings-view.ts'
import { ReferencedSecrets } from './referenced-secrets.ts'
import { type DueTrial, standingOf, type Survey, survey } from './selection.ts'
import { SessionBook } from './session-book.ts'
import { StoreError } from './store-contract.ts'
import { DEFAULT_AVOID_BELOW, STRATEGIES } from './strategies.ts'
import { Surveyor } from './surveyor.ts'
import { TrialDesk } from './trial-desk.ts'
import { UseCounter } from './use-counter.ts'
import { WaitingRoom } from './waiting-room.ts'
import { WriteBehind } from './write-behind.ts'

export type { Described, Outlook, PoolOptions } from './pool-options.ts'

const NONE_TRIED: ReadonlyMap<string, number> = new Map()

/** Lends the credentials of all providers, each for one attempt at a time. */
export class CredentialPool {
  readonly #options: PoolOptions
  readonly #book: BenchBook
  readonly #uses: UseCounter
  readonly #quotas: QuotaBook
  readonly #sessions: SessionBook
  readonly #writeBehind: WriteBehind
  readonly #readings: ReadingsView
  readonly #chooser: Chooser
  readonly #places: PlaceDesk
  readonly #trials: TrialDesk
  readonly #probes: ProbeDesk | undefined
  readonly #references: ReferencedSecrets
  readonly #surveyor: Surveyor
  readonly #waiting: WaitingRoom

  constructor(options: PoolOptions) {
    this.#options = options
    const { store, platform } = options
    const trouble = (error: StoreError, credentialId?: string) => this.#storeFailed(error, credentialId)
    const holder = new Holder(options.holder ?? platform.random.id('pool'), store.places, platform, trouble)
    this.#book = new BenchBook(store, trouble)
    this.#uses = new UseCounter(store)
    this.#quotas = new QuotaBook(store)
    this.#sessions = new SessionBook(store, trouble)
    this.#writeBehind = new WriteBehind(platform.timers)
    for (const source of [this.#book, this.#uses, this.#quotas, this.#sessions]) this.#writeBehind.add(source)
    this.#readings = new ReadingsView(store, platform.clock, this.#uses, this.#quotas, trouble)
    this.#chooser = new Chooser(platform, this.#readings)
    this.#places = new PlaceDesk(store.places, holder, platform.clock, trouble)
    this.#trials = new TrialDesk(store, platform.clock, holder, trouble)
    this.#references = new ReferencedSecrets(options.references ?? {}, platform.clock, (message) =>
      options.onTrouble?.({ kind: 'secret_exposed', message }),
    )
    this.#surveyor = new Surveyor(platform.clock, this.#places, this.#references, (provider) => this.#limitOf(provider))
    this.#waiting = new WaitingRoom(platform.timers)
    this.#probes = options.probeUsage === undefined ? undefined : this.#probeDesk(options.probeUsage)
  }

  /**
   * Lends a ready credential; else the single trial of a bench that is due; else says why not. Never waits for a credential.
   * @throws StoreError when the store could never be read
   */
  async acquire(request: AcquireRequest): Promise<Acquired> {
    const first = await this.#book.view()
    // Pools without references skip this: a healthy call stays short.
    const hasReferences = first.hasReferences(request.provider)
    if (hasReferences) {
      const nowMs = this.#options.platform.clock.now()
      const isRefused = (each: Credential) => keyIsRefused(each, first.benchesOf(each.id), nowMs)
      await this.#references.announce(this.#options.store, first.credentialsOf(request.provider), isRefused)
    }
    const ready = await this.#lendReady(request, hasReferences ? undefined : first)
    if (ready !== undefined) return { kind: 'lease', lease: ready }
    const trials = request.noTrial === true ? [] : this.#surveyor.of(await this.#book.view(), request).trialsDue
    for (const due of trials) {
      const lease = await this.#lendTrial(request, due)
      if (lease !== undefined) return { kind: 'lease', lease }
    }
    return { kind: 'nothing', why: this.#surveyor.of(await this.#book.view(), request).why }
  }

  /** Counts what `acquire` would find; lends and writes nothing. */
  async outlook(request: AcquireRequest): Promise<Outlook> {
    const view = await this.#book.view()
    if (view.hasReferences(request.provider)) await this.#references.look(view.credentialsOf(request.provider))
    if (this.#limitOf(request.provider) > 0) await this.#places.look()
    const found = this.#surveyor.of(await this.#book.view(), request)
    return { ready: found.ready.length, trialsDue: found.trialsDue.length, why: found.why }
  }

  /** Takes note of what an answer said about a credential's limits. Written later, in a batch. */
  observe(reading: QuotaReading): void {
    if (reading.windows.length === 0 && reading.planType === undefined && reading.creditsBalance === undefined) return
    this.#quotas.add(reading.credentialId, reading)
    this.#writeBehind.wake()
  }

  /** As last looked at, this provider has one credential at most: there is nothing to choose and nowhere to move. */
  isAlone(provider: string): boolean {
    const view = this.#book.latest
    return view !== undefined && view.credentialsOf(provider).length <= 1
  }

  /** All credentials of a provider, in priority order. */
  async credentialsOf(provider: string): Promise<readonly Credential[]> {
    return (await this.#book.view()).credentialsOf(provider)
  }

  /** Remembers who serves a session, or who made an answer that later calls may go on from. Written later, in a batch. */
  keep(provider: string, session: string, credentialId: string): void {
    this.#sessions.put(provider, session, credentialId, this.#options.platform.clock.now())
    this.#writeBehind.wake()
  }

  /** Waits until a lease of this provider ends, here or in another process, e.g. because all credentials were busy. */
  async waitForChange(
    provider: string,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<'changed' | 'elapsed' | 'aborted'> {
    return this.#waiting.wait(provider, timeoutMs, this.#limitOf(provider) > 0, signal)
  }

  /** Every credential with its standing, in the order in which `fill_first` would take them. Changes nothing. */
  async describe(provider?: string): Promise<readonly Described[]> {
    const view = await this.#book.view()
    await this.#readings.look(true)
    const described: Described[] = []
    for (const name of provider === undefined ? view.providers : [provider]) {
      if (this.#limitOf(name) > 0) await this.#places.look(true)
      if (view.hasReferences(name)) await this.#references.look(view.credentialsOf(name))
      const situation = this.#surveyor.situation({ provider: name, model: undefined, tried: NONE_TRIED })
      const nextId = await this.#nextOf(name, survey(view.credentialsOf(name), view.benchesOf, situation))
      for (const credential of view.credentialsOf(name)) {
        const benches = view.benchesOf(credential.id)
        const quota = this.#readings.quotaOf(credential.id)
        described.push({
          credential,
          standing: standingOf(credential, benches, situation),
          benches: benches.filter((bench) => situation.nowMs < bench.untilMs),
          inFlight: this.#places.inFlight(credential.id),
          inFlightElsewhere: this.#places.elsewhere(credential.id),
          uses: this.#readings.usesOf(credential.id),
          ...(quota === undefined ? {} : { quota }),
          next: credential.id === nextId,
        })
      }
    }
    return described
  }

  /** Writes what is still kept in memory. Leases that are out may still end afterwards. Does not close the store. */
  async close(): Promise<void> {
    await this.#probes?.settle()
    await this.#writeBehind.close()
  }

  /** @param justSeen the view of this moment: asking the store for it again is a third of what a healthy call costs */
  async #lendReady(request: AcquireRequest, justSeen?: PoolView): Promise<Lease | undefined> {
    const { provider, model } = request
    const limit = this.#limitOf(provider)
    if (limit > 0) await this.#places.look()
    const terms = this.#termsOf(provider, model)
    const strategy = STRATEGIES[terms.strategy]
    if (strategy.readsReadings) await this.#readings.look()
    const session = request.session === undefined ? undefined : await this.#sessionOf(request)
    const waited = limit > 0 || strategy.readsReadings || request.session !== undefined
    let seen = waited ? undefined : justSeen
    const full = new Set<string>()
    let looked = limit === 0
    let turn: number | undefined
    for (;;) {
      const found = this.#surveyor.of(seen ?? (await this.#book.view()), request)
      seen = undefined
      const ready = full.size === 0 ? found.ready : found.ready.filter((each) => !full.has(each.id))
      if (ready.length === 0) {
        if (looked) return undefined
        // What others had taken a moment ago may be free again by now.
        looked = true
        await this.#places.look(true)
        continue
      }
      if (found.trialsDue.length > 0) this.#probes?.inBackground(found.trialsDue)
      let chosen =
        named(ready, request.preferred, 'retry') ??
        named(ready, session, 'session') ??
        this.#chooser.kept(provider, ready, terms)
      if (chosen === undefined) {
        if (strategy.takesTurns && ready.length > 1 && turn === undefined) {
          turn = await this.#nextTurn(provider)
          // Benches and free places may have changed while the turn was taken: look again before lending.
          continue
        }
        chosen = this.#chooser.pick(provider, model, ready, terms, turn ?? 0)
        if (chosen === undefined) return undefined
        this.#chooser.remember(provider, chosen.credential.id)
      }
      const { credential, because } = chosen
      // Others skip this: a healthy call stays short.
      if (credential.source.kind === 'command' && !(await this.#isPrepared(credential))) continue
      const giveBack = await this.#places.take(credential.id, limit)
      if (giveBack === undefined) {
        full.add(credential.id)
        continue
      }
      // A verdict or a new secret may have come while another process was asked for a place.
      const still = limit > 0 ? this.#surveyor.stillReady(await this.#book.view(), request, credential.id) : credential
      if (still === undefined) {
        await giveBack()
        continue
      }
      return this.#lend(still, request, giveBack, undefined, because, session)
    }
  }

  async #lendTrial(request: AcquireRequest, due: DueTrial): Promise<Lease | undefined> {
    const claim = await this.#trials.claim(due.credential.id, due.scope)
    if (claim === undefined) return undefined
    let kept = false
    try {
      // Another process may have finished its trial between our look and our claim: only a bench that is still due is tested.
      const still = this.#surveyor.dueNow(await this.#book.view(), request, due, 0)
      const verdict = still === undefined ? 'stands' : ((await this.#probes?.test(still)) ?? 'unknown')
      if (verdict === 'unknown' && still !== undefined) {
        const isPrepared = still.credential.source.kind !== 'command' || (await this.#isPrepared(still.credential))
        const limit = this.#limitOf(request.provider)
        const giveBack = isPrepared ? await this.#places.take(still.credential.id, limit) : undefined
        if (giveBack !== undefined) {
          // The usage endpoint and the place took their time: what was true before them may be over.
          const tested = this.#surveyor.dueNow(await this.#book.view(), request, due, 1)
          if (tested !== undefined) {
            kept = true
            return this.#lend(tested.credential, request, giveBack, claim, `trial: ${tested.bench.reason}`, undefined)
          }
          await giveBack()
        }
      }
    } finally {
      if (!kept) await this.#trials.end(claim)
    }
    const now = this.#surveyor.of(await this.#book.view(), request)
    return now.ready.length > 0 ? this.#lendReady(request) : undefined
  }

  #lend(
    credential: Credential,
    request: AcquireRequest,
    giveBack: () => Promise<void>,
    claim: string | undefined,
    because: string,
    session: string | undefined,
  ): Lease {
    const { platform } = this.#options
    const nowMs = platform.clock.now()
    this.#uses.count(credential.id, nowMs)
    this.#writeBehind.wake()
    if (request.session !== undefined && request.sessionIsBound !== true && this.#keepsSessions(request.provider)) {
      this.#sessions.put(request.provider, request.session, credential.id, nowMs)
    }
    return new BorrowedLease(credential, request.model, claim !== undefined, {
      book: this.#book,
      platform,
      choice: this.#choice(credential, request, because, session),
      attributable: this.#references.agrees(credential),
      readSecret: (of) => this.#readSecret(of),
      onRefused: () => this.#references.refused(credential),
      takeBack: async () => {
        await giveBack()
        this.#waiting.tell(credential.provider)
        if (this.#book.keepsUnwritten) this.#writeBehind.wake()
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

  /** @returns false when choosing again is wanted: its command failed, or gave a new key */
  async #isPrepared(credential: Credential): Promise<boolean> {
    return (await this.#references.prepare(this.#options.store, credential)) === 'ready'
  }

  #choice(credential: Credential, request: AcquireRequest, because: string, session: string | undefined): Choice {
    const moved = session !== undefined && session !== credential.id
    return {
      because,
      ...(moved ? { movedFrom: session } : {}),
      others: () => {
        const view = this.#book.latest
        if (view === undefined) return []
        const credentials = view.credentialsOf(request.provider)
        return explainOthers(credentials, credential.id, view.benchesOf, this.#surveyor.situation(request))
      },
    }
  }

  /** State stays with the account that made it, even where sessions need not stay. */
  async #sessionOf({ provider, session, sessionIsBound, boundTo }: AcquireRequest): Promise<string | undefined> {
    if (session === undefined || (sessionIsBound !== true && !this.#keepsSessions(provider))) return undefined
    return (await this.#sessions.find(provider, session)) ?? boundTo
  }

  #keepsSessions(provider: string): boolean {
    return (this.#options.affinityFor?.(provider) ?? 'session') === 'session'
  }

  #limitOf(provider: string): number {
    return this.#options.maxConcurrentFor?.(provider) ?? 0
  }

  #termsOf(provider: string, model: string | undefined): ChoiceTerms {
    return {
      strategy: this.#options.strategyFor(provider, model),
      avoidBelow: this.#options.avoidBelowFor?.(provider) ?? DEFAULT_AVOID_BELOW,
      minRotationIntervalMs: this.#options.minRotationIntervalMsFor?.(provider) ?? 0,
    }
  }

  async #readSecret(credential: Credential): Promise<Secret> {
    if (credential.source.kind !== 'stored') return this.#references.secretOf(credential)
    const secret = await this.#options.store.readSecret(credential.id, credential.generation)
    if (secret === undefined) throw new StoreError('not_found', `credential ${credential.label} was removed`)
    return secret
  }

  async #nextOf(provider: string, found: Survey): Promise<string | undefined> {
    const terms = this.#termsOf(provider, undefined)
    if (found.ready.length === 0) return found.trialsDue[0]?.credential.id
    if (terms.strategy === 'random' && found.ready.length > 1) return undefined
    const turn = STRATEGIES[terms.strategy].takesTurns ? await this.#options.store.peekTurn(provider) : 0
    return this.#chooser.pick(provider, undefined, found.ready, terms, turn, 0)?.credential.id
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

  #probeDesk({ canProbe, probe }: NonNullable<PoolOptions['probeUsage']>): ProbeDesk {
    return new ProbeDesk({
      book: this.#book,
      trials: this.#trials,
      platform: this.#options.platform,
      probe,
      canProbe,
      readSecret: async (credential) => {
        const secret = await this.#readSecret(credential)
        return (await this.#options.logins?.fresh(credential, secret)) ?? secret
      },
      quotaOf: async (credentialId) => {
        await this.#readings.look()
        return this.#readings.quotaOf(credentialId)
      },
      record: (reading) => this.observe(reading),
    })
  }

  #storeFailed(error: StoreError, credentialId?: string): void {
    this.#options.onTrouble?.({
      kind: 'store_failed',
      message: `${error.code}: ${error.message}`,
      ...(credentialId === undefined ? {} : { credentialId }),
    })
  }
}

function named(
  ready: readonly Credential[],
  id: string | undefined,
  because: string,
): { readonly credential: Credential; readonly because: string } | undefined {
  const credential = id === undefined ? undefined : ready.find((each) => each.id === id)
  return credential === undefined ? undefined : { credential, because }
}
