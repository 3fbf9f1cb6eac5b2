import type { Failure } from '../failure/evidence.ts'
import { toIsoText } from '../platform/clock.ts'
import type { Platform } from '../platform/platform.ts'
import type { Credential } from '../pool/credential.ts'
import type { CredentialPool } from '../pool/pool.ts'
import { returnsAtMs } from './best-failure.ts'
import type { Call, Route } from './call.ts'
import type { CallBook } from './call-book.ts'
import type { CallState } from './call-state.ts'
import { type Fault, sharedWith } from './failure-domain.ts'
import type { Fall, FallbackHolds, Hold } from './fallback-holds.ts'
import { whyUnfit } from './route-fitness.ts'
import { routeName } from './route-name.ts'

interface Skipped {
  readonly route: string
  readonly reason: string
  readonly message: string
}

/** A later route that can serve, and those that are passed over on the way to it. */
export interface NextRoute {
  /** In the call's order; undefined when none is left. */
  readonly index: number | undefined
  readonly skipped: readonly Skipped[]
  /** Credentials there that a failure of this call already speaks against. */
  readonly shared: readonly Credential[]
}

interface PlanDependencies {
  readonly pool: CredentialPool
  readonly platform: Platform
  readonly holds: FallbackHolds
  /** Conversations that do not fit are made shorter: a window that is too small keeps nobody from its route. */
  readonly compress?: unknown
}

/** Which routes a call goes, in which order: past those that cannot serve it, and past those that share what has failed. */
export class RoutePlan {
  #call: Call
  readonly #state: CallState
  readonly #book: CallBook
  readonly #deps: PlanDependencies
  /** The last one of each credential on each route. */
  readonly #faults = new Map<string, Fault>()
  #order: readonly Route[]
  #session: string | undefined
  #fall: Fall | undefined
  #hold: Hold | undefined

  constructor(call: Call, state: CallState, book: CallBook, dependencies: PlanDependencies) {
    this.#call = call
    this.#state = state
    this.#book = book
    this.#deps = dependencies
    this.#order = call.chain
  }

  /** The route to ask now; undefined when none can serve this call. */
  get route(): Route | undefined {
    return this.#order[this.#state.routeIndex]
  }

  /** Finds the first route: where the session stays, else the first one that can serve. */
  async begin(session: string | undefined): Promise<void> {
    this.#session = session
    const [first] = this.#call.chain
    if (first !== undefined && session !== undefined) await this.#returnOrStay(session, first)
    const { index, skipped } = this.#fitFrom(this.#state.routeIndex)
    const [unfit] = skipped
    if (unfit === undefined) return
    this.#tell(skipped)
    if (index === this.#order.length) this.#state.routeIndex = index
    else this.#state.beganBehind(index, unfit.reason)
  }

  /** The same call with more in it: a present route that cannot serve it so is left for the next one that can. */
  goOnWith(call: Call): void {
    this.#call = call
    const { index, skipped } = this.#fitFrom(this.#state.routeIndex)
    const [unfit] = skipped
    if (unfit === undefined) return
    this.#tell(skipped)
    this.#state.fellBack(index, unfit.reason)
  }

  /** Remembers what failed on the way. */
  failed(fault: Fault): void {
    this.#faults.set(`${routeName(fault.route)} ${fault.credential.id}`, fault)
  }

  /** The next route that can serve and shares nothing with what failed in this call. Changes nothing. */
  async next(): Promise<NextRoute> {
    const skipped: Skipped[] = []
    let index = this.#state.routeIndex
    for (const route of this.#order.slice(index + 1)) {
      index += 1
      const unfit = this.#unfit(route)
      if (unfit !== undefined) {
        skipped.push(unfit)
        continue
      }
      const { credentials, isAll, message } = await this.#shared(route)
      if (!isAll) return { index, skipped, shared: credentials }
      skipped.push({ route: routeName(route), reason: 'shared_fault', message })
    }
    return { index: undefined, skipped, shared: [] }
  }

  /** Goes on at the next route. @param failure why the present one has nothing left. @param attempted it was asked, and not only found empty */
  async take(next: NextRoute, reason: string, failure: Failure, attempted: boolean): Promise<void> {
    const left = this.route
    this.#tell(next.skipped)
    const { index } = next
    if (index === undefined) return
    const route = this.#order[index]
    const [first] = this.#call.chain
    // What one request asks too much of a route says nothing about the session's next one (11326).
    if (left === first && first !== undefined && attempted && failure.blame !== 'request')
      this.#fall = { reason, returnsAtMs: returnsAtMs(failure), standing: await this.#standingOf(first) }
    // Back at the chain's first route nothing is a fallback any more.
    this.#state.fellBack(index, route === first ? undefined : reason)
    for (const credential of next.shared) this.#state.tried.set(credential.id, credential.generation)
  }

  /**
   * The present route has answered: a session that fell stays there for a while.
   * @param answerKey what a request that goes on from this answer is known by
   */
  answered(answerKey: string | undefined): void {
    const [first] = this.#call.chain
    const { route } = this
    if (this.#session === undefined || first === undefined || route === undefined) return
    const { holds, platform } = this.#deps
    if (route === first) {
      if (this.#hold !== undefined) holds.end(this.#session, first)
    } else if (this.#fall !== undefined) {
      const hold = holds.stay(this.#session, first, route, this.#fall, platform.clock.now())
      if (answerKey !== undefined) holds.carry(answerKey, first, hold)
    } else if (this.#hold !== undefined && answerKey !== undefined) holds.carry(answerKey, first, this.#hold)
  }

  async #returnOrStay(session: string, first: Route): Promise<void> {
    const { holds, platform } = this.#deps
    const nowMs = platform.clock.now()
    if (!holds.has(session, first)) return
    const hold = holds.find(session, first, await this.#standingOf(first), nowMs)
    const at = hold === undefined ? -1 : this.#call.chain.findIndex((route) => routeName(route) === hold.route)
    const route = this.#call.chain[at]
    if (hold === undefined || at <= 0 || route === undefined || this.#unfit(route) !== undefined) return
    this.#order = [route, ...this.#call.chain.filter((each) => each !== route)]
    this.#hold = hold
    this.#state.beganBehind(0, hold.reason)
    this.#book.step(
      'stay',
      `${hold.route} until ${toIsoText(hold.untilMs)}: ${routeName(first)} failed this session (${hold.reason})`,
    )
  }

  /** Changes when somebody adds, renews or resets a credential. */
  async #standingOf(route: Route): Promise<string> {
    const credentials = await this.#deps.pool.credentialsOf(route.provider)
    return credentials.map(({ id, generation, resetStampMs }) => `${id} ${generation} ${resetStampMs}`).join()
  }

  #fitFrom(from: number): { readonly index: number; readonly skipped: readonly Skipped[] } {
    const skipped: Skipped[] = []
    for (const route of this.#order.slice(from)) {
      const unfit = this.#unfit(route)
      if (unfit === undefined) break
      skipped.push(unfit)
    }
    return { index: from + skipped.length, skipped }
  }

  /** Why a route is passed over before anybody is asked. */
  #unfit(route: Route): Skipped | undefined {
    const unfit = whyUnfit(this.#call, route, this.#deps.compress !== undefined)
    return unfit === undefined ? undefined : { route: routeName(route), reason: unfit.reason, message: unfit.message }
  }

  async #shared(route: Route) {
    const all = this.#faults.size === 0 ? [] : await this.#deps.pool.credentialsOf(route.provider)
    const credentials = new Set<Credential>()
    let message = ''
    for (const fault of this.#faults.values()) {
      const shared = sharedWith(fault, route, all)
      if (shared === undefined) continue
      message = shared.message
      for (const credential of shared.credentials) credentials.add(credential)
    }
    return { credentials: [...credentials], isAll: all.length > 0 && credentials.size === all.length, message }
  }

  #tell(skipped: readonly Skipped[]): void {
    for (const { route, message } of skipped) this.#book.step('skip', `${route}: ${message}`)
  }
}
