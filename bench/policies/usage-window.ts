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
    this.#turnOver(nowMs)
    if (this.#resetAtMs === undefined) {
      this.#resetAtMs = nowMs + this.plan.lengthMs
      this.#count += 1
    }
    this.#used += spent[this.plan.counts]
  }

  usedPercent(nowMs: number): number {
    this.#turnOver(nowMs)
    return (this.#used / this.#limit) * 100
  }

  /** @returns epoch ms of the true reset while the window is full; undefined while there is room */
  fullUntilMs(nowMs: number): number | undefined {
    this.#turnOver(nowMs)
    return this.#used >= this.#limit ? this.#resetAtMs : undefined
  }

  /** @returns undefined while the window has not begun */
  resetAtMs(nowMs: number): number | undefined {
    this.#turnOver(nowMs)
    return this.#resetAtMs
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

  #turnOver(nowMs: number): void {
    if (this.#resetAtMs !== undefined && nowMs >= this.#resetAtMs) this.resetEarly()
  }
}
