/** What a run is judged by. Sums, so that runs can be added. */
export interface Tally {
  readonly calls: number
  readonly answered: number
  /** Times an account was used up. */
  readonly exhaustions: number
  /** Calls that met a used-up account. */
  readonly refusedCalls: number
  readonly avoidedMinutes: number
  readonly hammeredMinutes: number
  readonly movedCaches: number
  readonly meteredCalls: number
  readonly meteredWhileFree: number
  readonly usageProbes: number
  /** Ms beyond the provider's own work, of every answered call. */
  readonly addedDelaysMs: readonly number[]
}

/** What the meter asks of the world and of the policy. */
export interface Judged {
  readonly accounts: readonly string[]
  /** Epoch ms from which on an account would serve, as seen at `atMs`; a moment in the past = already. Ground truth. */
  freeFromMs(account: string, atMs: number): number
  /** Epoch ms up to which the policy would refuse the account even if nobody else were left. */
  avoidedUntilMs(account: string): number
}

const MINUTE_MS = 60_000

/** Watches a run. Knows the truth; policies never see it. */
export class Meter {
  readonly #judged: Judged
  readonly #hammered = new Set<string>()
  readonly #addedDelaysMs: number[] = []
  /** Accounts whose present exhaustion has been met by a call. */
  readonly #met = new Set<string>()
  #lookedAtMs: number
  #avoidedMs = 0
  #count = { calls: 0, answered: 0, exhaustions: 0, refusedCalls: 0, movedCaches: 0, meteredCalls: 0 }
  #meteredWhileFree = 0
  #usageProbes = 0

  constructor(judged: Judged, fromMs: number) {
    this.#judged = judged
    this.#lookedAtMs = fromMs
  }

  /** To be called before anything changes in the world or in the policy's notes: adds up what was true since the last look. */
  advance(nowMs: number): void {
    if (nowMs <= this.#lookedAtMs) return
    for (const account of this.#judged.accounts) {
      const until = Math.min(nowMs, this.#judged.avoidedUntilMs(account))
      const from = Math.max(this.#lookedAtMs, this.#judged.freeFromMs(account, this.#lookedAtMs))
      if (until > from) this.#avoidedMs += until - from
    }
    this.#lookedAtMs = nowMs
  }

  callEnded(answered: boolean, addedDelayMs: number): void {
    this.#count.calls += 1
    if (!answered) return
    this.#count.answered += 1
    this.#addedDelaysMs.push(Math.max(0, addedDelayMs))
  }

  exhausted(account: string): void {
    this.#count.exhaustions += 1
    this.#met.delete(account)
  }

  /** A call met a used-up account. The first one of an exhaustion is how anybody learns of it. */
  refused(account: string, nowMs: number): void {
    this.#count.refusedCalls += 1
    if (this.#met.has(account)) this.#hammered.add(`${account}/${Math.floor(nowMs / MINUTE_MS)}`)
    this.#met.add(account)
  }

  cacheMoved(): void {
    this.#count.movedCaches += 1
  }

  metered(nowMs: number): void {
    this.#count.meteredCalls += 1
    if (this.#judged.accounts.some((account) => this.#judged.freeFromMs(account, nowMs) <= nowMs))
      this.#meteredWhileFree += 1
  }

  usageAsked(): void {
    this.#usageProbes += 1
  }

  tally(): Tally {
    return {
      ...this.#count,
      avoidedMinutes: this.#avoidedMs / MINUTE_MS,
      hammeredMinutes: this.#hammered.size,
      meteredWhileFree: this.#meteredWhileFree,
      usageProbes: this.#usageProbes,
      addedDelaysMs: this.#addedDelaysMs,
    }
  }
}
