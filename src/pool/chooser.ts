import type { Platform } from '../platform/platform.ts'
import type { Credential } from './credential.ts'
import { tightestWindow } from './quota.ts'
import type { ReadingsView } from './readings-view.ts'
import { STRATEGIES, type StrategyInput, type StrategyName } from './strategies.ts'

/** How a pool chooses for one route. */
export interface ChoiceTerms {
  readonly strategy: StrategyName
  /** Percent. */
  readonly avoidBelow: number
  /** A strategy moves on at most this often, ms; 0 = at every call. */
  readonly minRotationIntervalMs: number
}

interface Current {
  readonly credentialId: string
  readonly sinceMs: number
}

/** Picks among ready credentials by strategy, and remembers who was picked last. */
export class Chooser {
  readonly #platform: Platform
  readonly #readings: ReadingsView
  readonly #current = new Map<string, Current>()

  constructor(platform: Platform, readings: ReadingsView) {
    this.#platform = platform
    this.#readings = readings
  }

  /**
   * Picks one. Pure but for chance; `remember` makes it the current one.
   * @param ready never empty, in priority order
   * @param turn the provider's turn, for strategies that take turns
   */
  pick(
    provider: string,
    model: string | undefined,
    ready: readonly Credential[],
    terms: ChoiceTerms,
    turn: number,
    chance: number = this.#platform.random.next(),
  ): { readonly credential: Credential; readonly because: string } | undefined {
    const nowMs = this.#platform.clock.now()
    const input: StrategyInput = {
      ready,
      turn,
      chance,
      usesOf: (id) => this.#readings.usesOf(id),
      leftPercentOf: (id) => tightestWindow(this.#readings.quotaOf(id), model, nowMs)?.leftPercent,
      current: this.#currentOf(provider, ready),
      avoidBelow: terms.avoidBelow,
    }
    const credential = STRATEGIES[terms.strategy].pick(input) ?? ready[0]
    if (credential === undefined) return undefined
    return { credential, because: this.#because(terms.strategy, credential.id, model, nowMs) }
  }

  remember(provider: string, credentialId: string): void {
    if (this.#current.get(provider)?.credentialId === credentialId) return
    this.#current.set(provider, { credentialId, sinceMs: this.#platform.clock.now() })
  }

  /** The current one, while it is too early to move on: accounts that take turns at every call look like a machine to their provider. */
  kept(
    provider: string,
    ready: readonly Credential[],
    terms: ChoiceTerms,
  ): { readonly credential: Credential; readonly because: string } | undefined {
    if (terms.minRotationIntervalMs === 0) return undefined
    const current = this.#current.get(provider)
    if (current === undefined) return undefined
    const ageMs = this.#platform.clock.now() - current.sinceMs
    if (ageMs < 0 || ageMs >= terms.minRotationIntervalMs) return undefined
    const credential = ready.find((each) => each.id === current.credentialId)
    return credential === undefined ? undefined : { credential, because: `${terms.strategy}: too early to move on` }
  }

  /** A process that has just started goes on where the others are: with the credential that was used last. */
  #currentOf(provider: string, ready: readonly Credential[]): string | undefined {
    const current = this.#current.get(provider)
    if (current !== undefined) return current.credentialId
    let last: Credential | undefined
    let lastUsedAtMs = 0
    for (const credential of ready) {
      const used = this.#readings.usesOf(credential.id).lastUsedAtMs
      if (used <= lastUsedAtMs) continue
      last = credential
      lastUsedAtMs = used
    }
    return last?.id
  }

  #because(strategy: StrategyName, credentialId: string, model: string | undefined, nowMs: number): string {
    if (strategy !== 'quota_aware') return strategy
    const tightest = tightestWindow(this.#readings.quotaOf(credentialId), model, nowMs)
    return tightest === undefined
      ? 'quota_aware: nothing is known of its windows yet'
      : `quota_aware: ${Math.round(tightest.leftPercent)} % of ${tightest.window.name} left`
  }
}
