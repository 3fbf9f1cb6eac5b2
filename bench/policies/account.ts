import type { Chance } from './chance.ts'
import type { Announcements, AccountPlan } from './scenario.ts'
import { type Spent, UsageWindow } from './usage-window.ts'

/** Far enough to mean "nobody knows": until somebody logs in again. */
const NEVER_MS = Number.POSITIVE_INFINITY

/** One subscription account as it really is. Policies never look in here. */
export class Account {
  readonly name: string
  readonly windows: readonly UsageWindow[]
  readonly #chance: Chance
  readonly #announcements: Announcements
  #token: string
  #logins = 1
  #revoked = false
  #throttledUntilMs = 0
  /** `hinted` throttles say for how long. */
  #throttleHinted = true
  #plan = 1

  constructor(name: string, plan: AccountPlan, announcements: Announcements, chance: Chance) {
    this.name = name
    this.windows = plan.windows.map((each) => new UsageWindow(each))
    this.#announcements = announcements
    this.#chance = chance
    this.#token = `${name}-login-1`
  }

  get token(): string {
    return this.#token
  }

  get revoked(): boolean {
    return this.#revoked
  }

  get planType(): string {
    return this.#plan >= 2 ? 'pro' : this.#plan < 1 ? 'go' : 'plus'
  }

  revoke(): void {
    this.#revoked = true
  }

  logInAgain(): void {
    this.#revoked = false
    this.#logins += 1
    this.#token = `${this.name}-login-${this.#logins}`
  }

  throttle(untilMs: number, hinted: boolean): void {
    this.#throttledUntilMs = untilMs
    this.#throttleHinted = hinted
  }

  resetEarly(): void {
    for (const window of this.windows) window.resetEarly()
  }

  changePlan(factor: number): void {
    this.#plan *= factor
    for (const window of this.windows) window.scaleLimit(factor)
  }

  spend(spent: Spent, nowMs: number): void {
    for (const window of this.windows) window.spend(spent, nowMs)
  }

  /** @returns the window that keeps the account shut longest; undefined while no window is full */
  fullWindow(nowMs: number): { readonly window: UsageWindow; readonly untilMs: number } | undefined {
    let longest: { readonly window: UsageWindow; readonly untilMs: number } | undefined
    for (const window of this.windows) {
      const untilMs = window.fullUntilMs(nowMs)
      if (untilMs !== undefined && untilMs > (longest?.untilMs ?? 0)) longest = { window, untilMs }
    }
    return longest
  }

  throttledFor(nowMs: number): { readonly ms: number; readonly hinted: boolean } | undefined {
    const ms = this.#throttledUntilMs - nowMs
    return ms > 0 ? { ms, hinted: this.#throttleHinted } : undefined
  }

  /** Epoch ms from which on it would serve, if nothing new happens to it; a moment in the past = now. */
  freeFromMs(nowMs: number): number {
    if (this.#revoked) return NEVER_MS
    return Math.max(this.#throttledUntilMs, this.fullWindow(nowMs)?.untilMs ?? 0)
  }

  /** What the provider says about a window's reset, true or not. The same for the whole life of the window. @returns undefined = it says nothing */
  announcedResetMs(window: UsageWindow, nowMs: number): number | undefined {
    const trueMs = window.resetAtMs(nowMs)
    if (trueMs === undefined) return nowMs + window.plan.lengthMs
    const chance = this.#chance.fork('announced', window.plan.name, window.count)
    const beganMs = trueMs - window.plan.lengthMs
    switch (chance.pick({ ...this.#announcements })) {
      case 'exact':
        return trueMs
      case 'missing':
        return undefined
      case 'tooLong':
        return trueMs + window.plan.lengthMs * chance.between(0.3, 3)
      case 'tooShort':
        return beganMs + window.plan.lengthMs * chance.between(0.1, 0.9)
    }
  }

  /** In which clothes the refusals of a full window come: an account keeps to one form until the window turns over. */
  formOf(window: UsageWindow): Chance {
    return this.#chance.fork('form', window.plan.name, window.count)
  }
}
