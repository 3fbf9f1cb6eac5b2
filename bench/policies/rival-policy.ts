import type { Failure } from '../../src/failure/evidence.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import type { Route } from '../../src/relay/call.ts'
import type { Contestant, PolicyRow, Surroundings } from './contestant.ts'
import { look } from './look.ts'
import type { Rival, RivalAccount } from './rival.ts'
import type { Turn } from './sessions.ts'

/** A rival in the same world: our eyes (one attempt, judged by our classifier), its rule. */
export function rivalPolicy(rival: Rival): PolicyRow {
  const { name, meaning } = rival
  return { name, meaning, ours: false, open: async (surroundings) => new RivalContestant(rival, surroundings) }
}

const FOREVER_MS = Number.POSITIVE_INFINITY
const SUBSCRIPTION = routeTo('openai-codex')
const METERED = routeTo('openai')

class RivalContestant implements Contestant {
  readonly #rival: Rival
  readonly #surroundings: Surroundings
  readonly #accounts: readonly RivalAccount[]
  readonly #random = seededRandom(1)

  constructor(rival: Rival, surroundings: Surroundings) {
    this.#rival = rival
    this.#surroundings = surroundings
    this.#accounts = surroundings.accounts.map((each) => ({ ...each, coolUntilMs: 0 }))
  }

  avoidedUntilMs(account: string): number {
    if (this.#rival.firstOnly && account !== this.#accounts[0]?.name) return FOREVER_MS
    return this.#accounts.find(({ name }) => name === account)?.coolUntilMs ?? 0
  }

  /** A new login clears what was held against the old token, as re-adding the account would. */
  async loggedIn(account: string, token: string): Promise<void> {
    const found = this.#accounts.find(({ name }) => name === account)
    if (found === undefined) return
    this.#surroundings.beforeNotesChange()
    found.token = token
    found.coolUntilMs = 0
  }

  async answer(turn: Turn): Promise<boolean> {
    const { clock, timers } = this.#surroundings.platform
    const tried = new Set<RivalAccount>()
    let failures = 0
    let failuresHere = 0
    let again: RivalAccount | undefined
    for (;;) {
      const account = again ?? this.#choose(tried)
      if (account === undefined) return this.#fallBack(turn)
      if (account !== again) failuresHere = 0
      tried.add(account)
      const result = await this.#attempt(turn, SUBSCRIPTION, account.name, account.token)
      if (result === undefined) return true
      failures += 1
      failuresHere += 1
      const nowMs = clock.now()
      const step = this.#rival.react(result, { nowMs, failures, failuresHere })
      if (step.coolMs !== undefined) {
        this.#surroundings.beforeNotesChange()
        account.coolUntilMs = nowMs + step.coolMs
      }
      if (step.kind === 'fallback') return this.#fallBack(turn)
      if (step.afterMs !== undefined) await timers.sleep(step.afterMs)
      again = step.kind === 'again' ? account : undefined
    }
  }

  async close(): Promise<void> {}

  #choose(tried: ReadonlySet<RivalAccount>): RivalAccount | undefined {
    const nowMs = this.#surroundings.platform.clock.now()
    const { comesBack, firstOnly } = this.#rival
    const known = firstOnly ? this.#accounts.slice(0, 1) : this.#accounts
    const ready = known.filter((each) => each.coolUntilMs <= nowMs && (comesBack || !tried.has(each)))
    return this.#rival.choose(ready, this.#random.next())
  }

  async #fallBack(turn: Turn): Promise<boolean> {
    if (!this.#surroundings.hasMeteredRoute) return false
    return (await this.#attempt(turn, METERED, 'metered', 'metered-key')) === undefined
  }

  /** @returns undefined for an answer */
  #attempt(turn: Turn, route: Route, account: string, token: string): Promise<Failure | undefined> {
    const { platform, network } = this.#surroundings
    const own = route.definition.authHeaders({ token, accountId: `acct-${account}` }, 'responses', {})
    const request = {
      method: 'POST',
      url: `${route.baseUrl}/responses`,
      headers: [...own, ['session_id', turn.session] as const],
    }
    return look(network, request, route, () => platform.clock.now())
  }
}

function routeTo(provider: string): Route {
  const definition = PROVIDERS[provider]
  if (definition === undefined) throw new Error(`no provider ${provider}`)
  const { baseUrl, wires } = definition
  return { provider, model: 'gpt-5.5', definition, baseUrl: baseUrl ?? '', headers: [], wires }
}
