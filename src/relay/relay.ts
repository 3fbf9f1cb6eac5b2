import type { Failure } from '../failure/evidence.ts'
import type { Refresher } from '../oauth/refresh.ts'
import type { Network } from '../platform/network.ts'
import type { Secret } from '../pool/credential.ts'
import type { Lease, NothingReady } from '../pool/lease.ts'
import type { CredentialPool } from '../pool/pool.ts'
import type { RetryBudget } from '../recovery/budget.ts'
import { decide } from '../recovery/decide.ts'
import type { BenchTerms, Policy } from '../recovery/policy.ts'
import type { TelemetryEvent } from '../telemetry/events.ts'
import { WIRES } from '../wire/wires.ts'
import { type AttemptResult, runAttempt } from './attempt.ts'
import { BoundStateBook } from './bound-state-book.ts'
import type { Call, Limits, RelayAnswer, Route } from './call.ts'
import { CallBook } from './call-book.ts'
import { CallState } from './call-state.ts'
import type { ConversationHistory } from './conversation-history.ts'
import { freshen } from './freshen.ts'
import { COUNT_DEADLINE_MS, COUNT_WIRE, countedModel, countingFailure } from './count-tokens.ts'
import { earlyAnswer, give, giveCount } from './give-answer.ts'
import { giveUp } from './give-up.ts'
import {
  hasNoneToLend,
  internalFailure,
  nothingReadyFailure,
  previousResponseLost,
  unfitFailure,
  unwritableFailure,
} from './nothing-ready.ts'
import { planRepair, type RepairTools } from './plan-repair.ts'
import { portableCall } from './portable-call.ts'
import { prepareRequest } from './prepare.ts'
import { headerRecord } from './headers.ts'
import { previousResponseOf, responseKey } from './previous-response.ts'
import { readQuota } from './read-quota.ts'
import { refreshAfter } from './refresh-after.ts'
import { Replay } from './replay.ts'
import { RequestTooDeepError } from './rewritten-call.ts'
import { goOnWhole, ownAnswerId, recordedAnswer } from './replayed-call.ts'
import { FallbackHolds } from './fallback-holds.ts'
import { RoutePlan } from './route-plan.ts'
import { sessionKeyOf } from './session-key.ts'
import { secretFailure } from './secret-failure.ts'
import type { Settled } from './settled.ts'
import { translatedAnswer } from './translated-answer.ts'
import { translationOf } from './translated-call.ts'
import { leastAttemptMs, queueForPlace, untilReturnMs, waitForReturn, type WaitTools } from './waiting.ts'
import { within } from './within.ts'

const NOTHING_LOST = (): readonly string[] => []

export interface RelayDependencies extends RepairTools {
  readonly pool: CredentialPool
  readonly network: Network
  readonly limits: Limits
  readonly budget: RetryBudget
  /** Renews logins ahead of their end and after a 401. @default none: a 401 of a login moves on */
  readonly refresher?: Refresher
  readonly emit: (event: TelemetryEvent) => void
  /** Told every failure of an attempt once, with its evidence. Must not throw. */
  readonly onFailure?: (failure: Failure) => void
  /** Who made the opaque state that clients carry along. @default one of its own */
  readonly boundState?: BoundStateBook
  /** Keeps conversations whose clients send only what is new. @default nobody does */
  readonly history?: ConversationHistory | undefined
  /** Which sessions stay on a fallback. @default its own */
  readonly holds?: FallbackHolds
  /** Told every secret before it is sent, so that logs can mask it. */
  readonly onSecret?: (secret: string) => void
}

type Attempted =
  | Extract<Settled, { kind: 'answer' }>
  | { readonly kind: 'renewed' }
  | { readonly kind: 'failure'; readonly failure: Failure; readonly terms?: BenchTerms }

/** Carries a call through its chain of routes until there is an answer or exactly one typed failure. */
export class Relay {
  readonly #deps: RelayDependencies
  readonly #boundState: BoundStateBook
  readonly #holds: FallbackHolds

  constructor(dependencies: RelayDependencies) {
    this.#deps = dependencies
    this.#holds = dependencies.holds ?? new FallbackHolds()
    this.#boundState = dependencies.boundState ?? new BoundStateBook()
  }

  /**
   * Answers one call. Never throws for anything an upstream does.
   * A streaming caller gets its headers after `holdMs` at the latest; what happens later is told inside the stream.
   */
  async answer(call: Call): Promise<RelayAnswer> {
    const { platform, limits } = this.#deps
    const state = new CallState()
    const book = new CallBook(call, state, this.#deps)
    const isCount = call.operation !== undefined
    const deadlineMs = isCount ? Math.min(limits.deadlineMs, COUNT_DEADLINE_MS) : limits.deadlineMs
    const settled = this.#settle(call, state, book, platform.clock.monotonic() + deadlineMs)
    if (isCount) return giveCount({ call, state, book }, await settled)
    if (!call.stream) return give({ call, state, book }, await settled)
    const first = await within(settled, limits.holdMs, platform.timers)
    return first === undefined
      ? earlyAnswer({ call, state, book }, settled, platform, limits)
      : give({ call, state, book }, first)
  }

  /** What no upstream can cause (a store that cannot be read, a bug) still ends as one typed failure. */
  async #settle(call: Call, state: CallState, book: CallBook, deadlineAt: number): Promise<Settled> {
    try {
      return await this.#run(call, state, book, deadlineAt)
    } catch (error) {
      // Whatever went wrong, the account's place is free again.
      await state.letGo()
      const nowMs = this.#deps.platform.clock.now()
      const route = call.chain[state.routeIndex]
      if (error instanceof RequestTooDeepError) {
        const failure = unwritableFailure(route, error.message, nowMs)
        return { kind: 'failed', givenUp: { failure, nowMs, attempts: [], code: 'invalid_body' } }
      }
      const failure = internalFailure(route, error, nowMs)
      return { kind: 'failed', givenUp: { failure, nowMs, attempts: [], code: 'internal_error' } }
    }
  }

  /** The loop: acquire, attempt, classify, charge, decide, act. There is no second path. */
  async #run(asked: Call, state: CallState, book: CallBook, deadlineAt: number): Promise<Settled> {
    const { pool, platform, policy, budget, history } = this.#deps
    let call = asked
    const remainingMs = () => deadlineAt - platform.clock.monotonic()
    // What is sent with no time left for its answer costs the account and gives nothing.
    const leastMs = leastAttemptMs(remainingMs())
    const waitableMs = () => remainingMs() - leastMs
    const waiting = (): WaitTools => ({ call, state, book, pool, platform, waitableMs: waitableMs() })
    let preferred: string | undefined
    // Where nothing can move, the body need not be taken apart.
    const alone = history === undefined && call.chain.length === 1 && pool.isAlone(call.chain[0]?.provider ?? '')
    state.nowhereToMove = alone
    const previous = alone ? undefined : previousResponseOf(call)
    const isCount = call.operation !== undefined
    const session = alone || isCount ? undefined : previous === undefined ? sessionKeyOf(call) : responseKey(previous)
    if (history !== undefined) state.replay = await Replay.find(history, this.#boundState, call, previous)
    const boundTo = state.replay?.ownerId === undefined ? {} : { boundTo: state.replay.ownerId }
    const plan = new RoutePlan(state.replay?.standIn ?? call, state, book, { ...this.#deps, holds: this.#holds })
    await plan.begin(session)
    for (;;) {
      if (call.signal.aborted) return { kind: 'cancelled' }
      const { route } = plan
      if (route === undefined) return this.#surface(call, state, undefined, unfitFailure(call, platform.clock.now()))
      const pooled = { provider: route.provider, model: isCount ? countedModel(route.model) : route.model }
      const acquired = await pool.acquire({
        ...pooled,
        tried: state.tried,
        ...(isCount ? { noTrial: true } : {}),
        ...(preferred === undefined ? {} : { preferred }),
        ...(session === undefined ? {} : { session, sessionIsBound: previous !== undefined, ...boundTo }),
      })
      preferred = undefined
      if (acquired.kind === 'nothing') {
        const outcome = await this.#nothingReady(waiting(), plan, route, acquired.why)
        if (outcome !== undefined) return outcome
        continue
      }
      const { lease } = acquired
      state.hold(lease)
      if (previous !== undefined && state.replayed === undefined) {
        const heard = await goOnWhole(call, state, book, route, lease)
        if (heard === 'lost') {
          await state.letGo()
          const failure = previousResponseLost(route, previous, platform.clock.now())
          book.step('surface', failure.message)
          return this.#surface(call, state, undefined, failure)
        }
        if (heard !== 'as_it_is') {
          call = heard
          plan.goOnWith(call)
          if (plan.route !== route) {
            await state.letGo()
            continue
          }
        }
      }
      const tried = new Map(state.tried).set(lease.credential.id, lease.tokenGeneration)
      const attempted = await this.#freshAttempt(call, state, book, route, lease, tried, remainingMs)
      if (attempted.kind === 'answer') {
        budget.earnSuccess()
        const { responseId } = attempted.answer
        plan.answered(responseId === undefined ? undefined : responseKey(responseId))
        if (responseId !== undefined) pool.keep(route.provider, responseKey(responseId), lease.credential.id)
        const given = history === undefined ? attempted : recordedAnswer(history, asked, state, attempted)
        state.handedOver()
        return given
      }
      if (call.signal.aborted) {
        await state.letGo()
        return { kind: 'cancelled' }
      }
      if (attempted.kind === 'renewed') {
        // Nothing was wrong with the account: the next lease carries the new generation.
        await state.letGo()
        preferred = lease.credential.id
        continue
      }
      plan.failed({ failure: attempted.failure, route, credential: lease.credential })
      const next = await plan.next()
      const nextRoute = next.index !== undefined
      const refreshed = await refreshAfter(attempted.failure, lease, {
        ...this.#deps,
        state,
        signal: call.signal,
        remainingMs,
        othersReady: async () => (await pool.outlook({ ...pooled, tried })).ready,
        nextRoute,
      })
      if (refreshed.kind === 'renewed') {
        const reason = 'the token was refused and has been refreshed'
        book.decided({ action: 'refresh', delayMs: 0, reason }, attempted.failure, lease, undefined)
        await state.letGo()
        preferred = lease.credential.id
        continue
      }
      const { failure: seen, terms: own } = refreshed.kind === 'failed' ? refreshed : attempted
      const failure = isCount ? countingFailure(seen) : seen
      const terms = own ?? policy[failure.label].bench
      state.failures.push(failure)
      const lastHope = !nextRoute && (await pool.outlook({ ...pooled, tried })).why.total === 1
      state.handedOver()
      const bench = await lease.fail({ failure, terms, callId: call.id, lastHope })
      const suspects = state.suspect(failure, lease)
      for (const suspect of suspects) await suspect.undo()
      const outlook = await pool.outlook({ ...pooled, tried })
      const repair = isCount ? undefined : await planRepair(failure, call, state, this.#deps, remainingMs())
      const decision = decide(
        failure,
        {
          retriesDone: state.retriesDone(failure.label),
          otherReady: outlook.ready,
          trialDue: outlook.trialsDue > 0,
          othersTried: state.othersTried,
          refreshable: false,
          newerGeneration: failure.label.startsWith('auth_') && (await this.#isRenewed(route, lease)),
          nextRoute,
          repair: repair === undefined ? undefined : `${repair.name}: ${repair.what}`,
          poisoned: suspects.length > 0,
          remainingMs: remainingMs(),
          waitableMs: waitableMs(),
          benchedMs: bench === undefined ? 0 : untilReturnMs(bench.untilMs, platform),
          retryBudgetLeft: budget.allowsRetry(),
          committed: false,
          chance: platform.random.next(),
        },
        recoveryFor(failure, policy),
      )
      book.decided(decision, failure, lease, bench?.untilMs)
      switch (decision.action) {
        case 'retry':
        case 'wait': {
          state.countRetry(failure.label)
          budget.spendRetry()
          preferred = lease.credential.id
          // The caller's abort cuts a waiting backoff too.
          await platform.timers.sleep(decision.delayMs, call.signal)
          break
        }
        case 'reread':
        case 'refresh':
          state.tried.set(lease.credential.id, lease.tokenGeneration)
          preferred = lease.credential.id
          break
        case 'repair':
          if (repair !== undefined) state.repairs.made(repair)
          if (repair?.replayed !== undefined) {
            state.replayed = repair.replayed
            call = repair.replayed.call
            plan.goOnWith(call)
          }
          preferred = lease.credential.id
          break
        case 'rotate':
          state.tried.set(lease.credential.id, lease.tokenGeneration)
          state.rotated()
          break
        case 'try_another':
          state.tried.set(lease.credential.id, lease.tokenGeneration)
          state.othersTried += 1
          break
        case 'fallback':
          await plan.take(next, failure.label, failure, true)
          break
        case 'stop':
          return { kind: 'cancelled' }
        default: {
          // A throttle's retries were its waiting; only a window that ends soon is worth another round.
          const waits = decision.action === 'surface' && failure.label === 'quota_exhausted'
          if (!waits || !(await waitForReturn(waiting(), failure, outlook.why)))
            return this.#surface(call, state, outlook.why)
        }
      }
    }
  }

  /** Renews a login that is about to end, then tries it. */
  async #freshAttempt(
    call: Call,
    state: CallState,
    book: CallBook,
    route: Route,
    lease: Lease,
    tried: ReadonlyMap<string, number>,
    remainingMs: () => number,
  ): Promise<Attempted> {
    const { pool, platform, refresher } = this.#deps
    const fresh = await freshen(lease, {
      refresher: state.mayRenew() ? refresher : undefined,
      platform,
      signal: call.signal,
      remainingMs,
      othersReady: async () => (await pool.outlook({ provider: route.provider, model: route.model, tried })).ready > 0,
    })
    if (fresh.kind === 'use') return this.#attempt(call, state, book, route, lease, fresh.secret, remainingMs())
    if (fresh.kind === 'renewed') {
      state.renewed()
      return fresh
    }
    if (!call.signal.aborted) book.attemptFailed(route, lease, fresh.failure, book.attemptStarted(route, lease))
    return { kind: 'failure', failure: fresh.failure, ...(fresh.terms === undefined ? {} : { terms: fresh.terms }) }
  }

  /** A 401 for a token that another process has replaced since means "use the new one". */
  async #isRenewed(route: Route, lease: Lease): Promise<boolean> {
    const described = await this.#deps.pool.describe(route.provider)
    const current = described.find(({ credential }) => credential.id === lease.credential.id)
    return current !== undefined && current.credential.generation > lease.tokenGeneration
  }

  async #attempt(
    call: Call,
    state: CallState,
    book: CallBook,
    route: Route,
    lease: Lease,
    known: Secret | undefined,
    remainingMs: number,
  ): Promise<Attempted> {
    const { network, platform, limits } = this.#deps
    const startedAtMs = book.attemptStarted(route, lease)
    const translation = translationOf(call, route)
    const translated = translation.kind === 'translated' ? translation : undefined
    let dropped: readonly string[] = []
    const send = async (secret: Secret): Promise<AttemptResult> => {
      this.#deps.onSecret?.(secret.token)
      state.base = state.repairs.apply(translated?.call ?? call)
      const portable =
        translated === undefined
          ? portableCall(this.#boundState, state.base, state, route, lease)
          : { call: state.base, dropped: translated.told.dropped }
      state.sent = portable.call
      const prepared = prepareRequest(state.sent, route, lease.credential, secret)
      dropped = [...(state.replayed?.dropped ?? []), ...portable.dropped, ...prepared.dropped]
      const { token } = secret
      return runAttempt({
        call: translated?.call ?? call,
        route,
        wire: call.operation === undefined ? WIRES[translated?.wire ?? call.wire] : COUNT_WIRE,
        prepared,
        network,
        platform,
        limits,
        remainingMs,
        token,
      })
    }
    const reading = known === undefined ? lease.secret() : Promise.resolve(known)
    const result = await reading.then(send, (error: unknown) => secretFailure(call, route, error, startedAtMs))
    if (call.operation === undefined) this.#observeQuota(route, lease, result)
    if (result.kind === 'answer') {
      const firstOutputAtMs = platform.clock.now()
      const ownId = this.#deps.history === undefined ? undefined : ownAnswerId(call)
      const { answer, lost } =
        translated === undefined
          ? { answer: result, lost: NOTHING_LOST }
          : await translatedAnswer(result, translated, call.wire, firstOutputAtMs, ownId)
      return { kind: 'answer', answer, served: { route, lease, dropped, lost, startedAtMs, firstOutputAtMs } }
    }
    book.attemptFailed(route, lease, result.failure, startedAtMs)
    return result
  }

  #observeQuota(route: Route, lease: Lease, result: AttemptResult): void {
    if (route.definition.readQuota === undefined) return
    const headers = result.kind === 'answer' ? headerRecord(result.headers) : result.failure.evidence.headers
    const reading = readQuota(route, lease, headers, this.#deps.platform.clock.now())
    if (reading !== undefined) this.#deps.pool.observe(reading)
  }

  /** Nobody can be lent: the next route, else a wait that fits, else the end. @returns undefined to go on */
  async #nothingReady(
    waiting: WaitTools,
    plan: RoutePlan,
    route: Route,
    why: NothingReady,
  ): Promise<Settled | undefined> {
    const { call, state, book } = waiting
    const next = await plan.next()
    const nextRoute = next.index !== undefined
    if (why.busy > 0 && (await queueForPlace(waiting, route, nextRoute))) return undefined
    const failure = nothingReadyFailure(route, why, this.#deps.platform.clock.now())
    if (nextRoute) {
      if (state.failures.length === 0) state.failures.push(failure)
      const reason = hasNoneToLend(why) ? 'no_credential' : failure.label
      book.step('fallback', `${route.provider}: ${failure.message}`)
      await plan.take(next, reason, failure, false)
      return undefined
    }
    if (await waitForReturn(waiting, failure, why)) return undefined
    state.failures.push(failure)
    return this.#surface(call, state, why)
  }

  #surface(call: Call, state: CallState, why: NothingReady | undefined, given?: Failure): Settled {
    return { kind: 'failed', givenUp: giveUp(call, state, why, this.#deps.platform.clock.now(), given) }
  }
}

/** An upstream that says "cancelled" lost its own client: ours is still waiting, so it is a broken connection to recover from. */
function recoveryFor(failure: Failure, policy: Policy): Policy {
  return failure.label === 'cancelled' ? { ...policy, cancelled: policy.connection } : policy
}
