/** A limit as a plan has it. */
export interface WindowPlan {
  readonly name: '5h' | '7d' | '30d'
  readonly lengthMs: number
  readonly counts: 'requests' | 'tokens'
  readonly limit: number
}

/** What one answered call uses. */
export interface Spent {
  readonly requests: number
  readonly tokens: number
}

/** One window of one account. It begins with the first use after the last reset, as those of subscriptions do. */
export class UsageWindow {
  readonly plan: WindowPlan
  #used = 0
  #limit: number
  #resetAtMs: number | undefined
  /** Counts windows that began: names what was announced for each. */
  #count = 0

  constructor(plan: WindowPlan) {
    this.plan = plan
    this.#limit = plan.limit
  }

  get count(): number {
    return this.#count
  }

  spend(spent: Spent, nowMs: number): void {
    if (this.#isOver(nowMs)) this.resetEarly()
    if (this.#resetAtMs === undefined) {
      this.#resetAtMs = nowMs + this.plan.lengthMs
      this.#count += 1
    }
    this.#used += spent[this.plan.counts]
  }

  usedPercent(nowMs: number): number {
    return this.#isOver(nowMs) ? 0 : (this.#used / this.#limit) * 100
  }

  /** @returns epoch ms of the true reset while the window is full; undefined while there is room */
  fullUntilMs(nowMs: number): number | undefined {
    return !this.#isOver(nowMs) && this.#used >= this.#limit ? this.#resetAtMs : undefined
  }

  /** @returns undefined while the window has not begun */
  resetAtMs(nowMs: number): number | undefined {
    return this.#isOver(nowMs) ? undefined : this.#resetAtMs
  }

  /** The provider empties it before the time. */
  resetEarly(): void {
    this.#used = 0
    this.#resetAtMs = undefined
  }

  /** Another plan: the same window with more room or less. */
  scaleLimit(factor: number): void {
    this.#limit *= factor
  }

  /** Asking changes nothing: the meter looks back at spans in which the window was still full. */
  #isOver(nowMs: number): boolean {
    return this.#resetAtMs !== undefined && nowMs >= this.#resetAtMs
  }
}
