import type { Platform } from '../platform/platform.ts'
import { type Bench, EVERY_MODEL } from './bench.ts'
import type { BenchBook } from './bench-book.ts'
import { softenCorrelated } from './correlated.ts'
import type { Credential, Secret } from './credential.ts'
import type { Choice } from './choice.ts'
import type { FailureVerdict, Lease } from './lease.ts'
import { benchScope, type ChargedAttempt, nextBench } from './next-bench.ts'
import { FRESH_ENOUGH_MS } from './pool-options.ts'
import { groupOf } from './quota-group.ts'

/** What a lease needs from the pool that lent it. */
export interface Lender {
  readonly book: BenchBook
  readonly platform: Platform
  readonly choice: Choice
  /** False when this process holds another key than the pool knows: its verdicts would hit somebody else's key (117943). */
  readonly attributable: boolean
  readSecret(credential: Credential): Promise<Secret>
  /** The provider refused the key itself. */
  onRefused(): void
  /** Frees the place and, for a trial, the claim. Called once. */
  takeBack(): Promise<void>
  onSecondEnding(ending: string): void
}

/** What this lease wrote, and what stood there before: enough to take it back. */
interface Written {
  readonly credentialId: string
  readonly scope: string
  readonly bench: Bench
  readonly before: Bench | undefined
}

/** One credential lent for one attempt; see `Lease`. */
export class BorrowedLease implements Lease {
  readonly credential: Credential
  readonly model: string
  readonly tokenGeneration: number
  readonly trial: boolean
  readonly startedAtMs: number
  readonly choice: Choice
  readonly #lender: Lender
  #ending: string | undefined
  #written: readonly Written[] = []

  constructor(credential: Credential, model: string, trial: boolean, lender: Lender) {
    this.credential = credential
    this.model = model
    this.tokenGeneration = credential.generation
    this.trial = trial
    this.startedAtMs = lender.platform.clock.now()
    this.choice = lender.choice
    this.#lender = lender
  }

  async secret(): Promise<Secret> {
    return this.#lender.readSecret(this.credential)
  }

  async succeed(): Promise<void> {
    if (!this.#end('succeed')) return
    try {
      await this.#lift()
    } finally {
      await this.#lender.takeBack()
    }
  }

  async fail(verdict: FailureVerdict): Promise<Bench | undefined> {
    if (!this.#end('fail')) return undefined
    if (verdict.failure.label === 'auth_expired' || verdict.failure.label === 'auth_revoked') this.#lender.onRefused()
    // The verdict is written before the place is free: nobody may be lent this credential in between.
    try {
      return await this.#charge(verdict)
    } finally {
      await this.#lender.takeBack()
    }
  }

  async release(): Promise<void> {
    if (this.#end('release')) await this.#lender.takeBack()
  }

  async undo(): Promise<void> {
    const written = this.#written
    this.#written = []
    for (const { credentialId, scope, bench, before } of written) {
      // Somebody else's newer verdict stays.
      await this.#lender.book.change(credentialId, scope, (_, standing) =>
        isSame(standing, bench) ? (before ?? null) : undefined,
      )
    }
  }

  #end(ending: string): boolean {
    if (this.#ending !== undefined) {
      this.#lender.onSecondEnding(`${ending} after ${this.#ending}`)
      return false
    }
    this.#ending = ending
    return true
  }

  async #charge(verdict: FailureVerdict): Promise<Bench | undefined> {
    const scope = benchScope(verdict, this.model)
    if (scope === undefined || !this.#lender.attributable) return undefined
    const bench = await this.#write(this.credential, scope, verdict, this.#attempt())
    if (bench === undefined) return undefined
    const view = await this.#lender.book.view()
    for (const sibling of groupOf(this.credential, verdict.failure, view.credentialsOf(this.credential.provider))) {
      const inherited = {
        ...this.#attempt(),
        tokenGeneration: sibling.generation,
        resetStampMs: sibling.resetStampMs,
        trial: false,
      }
      if (sibling.resetStampMs < this.startedAtMs) await this.#write(sibling, scope, verdict, inherited)
    }
    return this.#soften(bench)
  }

  async #write(
    credential: Credential,
    scope: string,
    verdict: FailureVerdict,
    attempt: ChargedAttempt,
  ): Promise<Bench | undefined> {
    const { book, platform } = this.#lender
    const result = await book.change(credential.id, scope, (current, standing) =>
      nextBench(standing, verdict, attempt, current, platform.clock.now()),
    )
    if (result.changed && result.bench !== undefined) {
      this.#written = [
        ...this.#written,
        { credentialId: credential.id, scope, bench: result.bench, before: result.before },
      ]
    }
    return result.bench
  }

  /** @returns the bench of this credential, softened or not */
  async #soften(bench: Bench): Promise<Bench> {
    const { book, platform } = this.#lender
    const view = await book.view()
    const credentials = view.credentialsOf(this.credential.provider)
    const standing = credentials.flatMap((each) => view.benchesOf(each.id))
    let own = bench
    for (const softer of softenCorrelated(bench, standing, credentials, platform.clock.now())) {
      const result = await book.change(softer.credentialId, softer.scope, (_, now) =>
        isSame(now, softer) ? softer : undefined,
      )
      if (softer.credentialId === bench.credentialId && result.bench !== undefined) own = result.bench
    }
    return own
  }

  /** Lifts what this attempt has disproved: benches that began before it did. A call that began earlier proves nothing about now. */
  async #lift(): Promise<void> {
    const { book, attributable } = this.#lender
    if (!attributable) return
    const disproved = (bench: Bench) =>
      (bench.scope === EVERY_MODEL || bench.scope === this.model) &&
      bench.sinceMs < this.startedAtMs &&
      bench.tokenGeneration <= this.tokenGeneration
    // A bench that began before this attempt and is younger than this would belong to a call of a few milliseconds.
    const view = await book.view(this.trial ? 0 : FRESH_ENOUGH_MS)
    for (const bench of view.benchesOf(this.credential.id)) {
      if (!disproved(bench)) continue
      await book.change(this.credential.id, bench.scope, (_, now) =>
        now !== undefined && disproved(now) ? null : undefined,
      )
    }
  }

  #attempt(): ChargedAttempt {
    return {
      model: this.model,
      tokenGeneration: this.tokenGeneration,
      resetStampMs: this.credential.resetStampMs,
      startedAtMs: this.startedAtMs,
      trial: this.trial,
    }
  }
}

/** The same verdict, whatever was made of its times since. */
function isSame(standing: Bench | undefined, bench: Bench): boolean {
  return (
    standing !== undefined &&
    standing.tokenGeneration === bench.tokenGeneration &&
    standing.sinceMs === bench.sinceMs &&
    standing.strikes === bench.strikes &&
    standing.evidence.seenAtMs === bench.evidence.seenAtMs &&
    standing.evidence.callId === bench.evidence.callId
  )
}
