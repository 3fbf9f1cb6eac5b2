import type { CutSignal, Network, NetworkAnswer, NetworkRequest } from '../../src/platform/network.ts'
import { Account } from './account.ts'
import type { Chance } from './chance.ts'
import { goodAnswer, jsonAnswer } from './clothes.ts'
import { type Judged, Meter } from './meter.ts'
import { PromptCache } from './prompt-cache.ts'
import { drawFaults, moments, type ProviderFault } from './provider-faults.ts'
import { faultAnswer, quotaRefusal, revokedRefusal, throttleRefusal, windowHeaders } from './refusals.ts'
import type { Scenario } from './scenario.ts'
import type { Turn } from './sessions.ts'
import { usageAnswer } from './usage-endpoint.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Name of the metered route in the prompt cache. */
const METERED = 'metered'
const REFUSAL_MS = 300
/** A cached token uses this share of a new one. */
const CACHED_TOKEN_COST = 0.1
const OUTPUT_TOKEN_COST = 4

/** What the world wants of a policy: its notes, and to be told of new logins. */
export interface Watched {
  avoidedUntilMs(account: string): number
  loggedIn(account: string, token: string): Promise<void>
}

/** Accounts, a provider with its troubles, a metered route: everything outside of the policy, reached by a network only. */
export class World implements Judged {
  readonly accounts: readonly string[]
  readonly network: Network
  readonly meter: Meter
  readonly #time: VirtualTime
  readonly #byName: ReadonlyMap<string, Account>
  readonly #faults = new Set<ProviderFault>()
  readonly #turns = new Map<string, Turn>()
  readonly #cache = new PromptCache()
  #watched: Watched | undefined

  constructor(scenario: Scenario, chance: Chance, time: VirtualTime, untilMs: number) {
    this.#time = time
    const accounts = scenario.accounts.map((plan, index) => {
      const name = `account-${index + 1}`
      return new Account(name, plan, scenario.announcements, chance.fork(name))
    })
    this.#byName = new Map(accounts.map((each) => [each.name, each]))
    this.accounts = accounts.map(({ name }) => name)
    this.meter = new Meter(this, time.nowMs)
    this.network = { send: (request, _timeouts, signal) => this.#send(request, signal), close: async () => {} }
    for (const fault of drawFaults(scenario, chance, time.nowMs, untilMs)) {
      this.#changeAt(fault.fromMs, () => this.#faults.add(fault))
      this.#changeAt(fault.untilMs, () => this.#faults.delete(fault))
    }
    for (const account of accounts)
      this.#drawTroubles(account, scenario, chance.fork(account.name, 'troubles'), untilMs)
  }

  watch(watched: Watched): void {
    this.#watched = watched
  }

  tokenOf(account: string): string {
    return this.#byName.get(account)?.token ?? ''
  }

  /** Says which call a session is about to make. */
  announce(turn: Turn): void {
    this.#turns.set(turn.session, turn)
  }

  freeFromMs(account: string, atMs: number): number {
    let freeMs = this.#byName.get(account)?.freeFromMs(atMs) ?? 0
    for (const { untilMs } of this.#faults) freeMs = Math.max(freeMs, untilMs)
    return freeMs
  }

  avoidedUntilMs(account: string): number {
    return this.#watched?.avoidedUntilMs(account) ?? 0
  }

  #drawTroubles(account: Account, scenario: Scenario, chance: Chance, untilMs: number): void {
    const fromMs = this.#time.nowMs
    const at = (what: string, everyDays: number | undefined) => moments(everyDays, chance.fork(what), fromMs, untilMs)
    for (const atMs of at('early', scenario.earlyResetEveryDays)) this.#changeAt(atMs, () => account.resetEarly())
    for (const [index, atMs] of at('plan', scenario.planChangeEveryDays).entries()) {
      // Up and down in turns: nobody ends up with a plan that nothing can use up.
      this.#changeAt(atMs, () => account.changePlan(index % 2 === 0 ? 2 : 0.5))
    }
    const throttles = chance.fork('throttle-lengths')
    for (const atMs of at('throttle', scenario.throttleEveryDays)) {
      const ms = Math.min(120_000, throttles.logNormal(12_000, 1))
      const hinted = throttles.next() < 0.6
      this.#changeAt(atMs, () => account.throttle(atMs + ms, hinted))
    }
    const logins = chance.fork('logins')
    for (const atMs of at('revoked', scenario.revokedEveryDays)) {
      const backMs = atMs + logins.between(0.5, 20) * 3_600_000
      this.#changeAt(atMs, () => account.revoke())
      this.#changeAt(backMs, () => {
        if (!account.revoked) return
        account.logInAgain()
        void this.#watched?.loggedIn(account.name, account.token)
      })
    }
  }

  #changeAt(atMs: number, change: () => void): void {
    this.#time.at(atMs, () => {
      this.meter.advance(this.#time.nowMs)
      change()
    })
  }

  async #send(request: NetworkRequest, signal: CutSignal): Promise<NetworkAnswer> {
    const { host, pathname } = new URL(request.url)
    const header = (name: string) => request.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? ''
    const token = header('authorization').replace(/^Bearer /, '')
    const account = [...this.#byName.values()].find((each) => token.startsWith(`${each.name}-login-`))
    if (pathname.endsWith('/wham/usage')) {
      this.meter.usageAsked()
      return this.#after(REFUSAL_MS, signal, () => this.#usage(account, token))
    }
    const turn = this.#turns.get(header('session_id'))
    if (turn === undefined) throw new Error(`no session ${header('session_id')}`)
    if (host === 'api.openai.com') return this.#serveMetered(turn, signal)
    const refusal = this.#refusal(account, token)
    if (refusal !== undefined) return this.#after(REFUSAL_MS, signal, refusal)
    return this.#serve(account as Account, turn, signal)
  }

  /** What the provider does instead of serving; the verdict falls when the call arrives. */
  #refusal(account: Account | undefined, token: string): (() => NetworkAnswer) | undefined {
    const { nowMs } = this.#time
    const fault = this.#faults.values().next().value
    if (fault !== undefined) return () => faultAnswer(fault)
    if (account === undefined || account.revoked || token !== account.token) return revokedRefusal
    const throttled = throttleRefusal(account, nowMs)
    if (throttled !== undefined) return () => throttled
    const refused = quotaRefusal(account, nowMs)
    if (refused === undefined) return undefined
    this.meter.refused(account.name, nowMs)
    return () => refused
  }

  #usage(account: Account | undefined, token: string): NetworkAnswer {
    if (this.#faults.size > 0) return jsonAnswer(503, { detail: 'Service Unavailable' })
    if (account === undefined || account.revoked || token !== account.token) {
      return jsonAnswer(401, { detail: 'Could not validate your token.' })
    }
    return usageAnswer(account, this.#time.nowMs)
  }

  #serve(account: Account, turn: Turn, signal: CutSignal): Promise<NetworkAnswer> {
    const { nowMs } = this.#time
    this.meter.advance(nowMs)
    const repeated = turn.repeatedTokens * (this.#lookUpCache(turn, account.name) === 'hit' ? CACHED_TOKEN_COST : 1)
    const tokens = repeated + turn.newTokens + turn.outputTokens * OUTPUT_TOKEN_COST
    account.spend({ requests: 1, tokens }, nowMs)
    if (account.fullWindow(nowMs) !== undefined) this.meter.exhausted(account.name)
    const headers = windowHeaders(account, nowMs)
    return this.#after(turn.serviceMs, signal, () => goodAnswer(headers))
  }

  #serveMetered(turn: Turn, signal: CutSignal): Promise<NetworkAnswer> {
    this.meter.metered(this.#time.nowMs)
    this.#lookUpCache(turn, METERED)
    return this.#after(turn.serviceMs, signal, () => goodAnswer([]))
  }

  #lookUpCache(turn: Turn, place: string): 'hit' | 'cold' | 'moved' {
    const found = this.#cache.use(turn.session, place, this.#time.nowMs)
    if (found === 'moved') this.meter.cacheMoved()
    return found
  }

  async #after(ms: number, signal: CutSignal, answer: () => NetworkAnswer): Promise<NetworkAnswer> {
    const waited = await this.#time.platform.timers.sleep(ms, signal)
    if (waited === 'aborted') throw new DOMException('This operation was aborted', 'AbortError')
    return answer()
  }
}
