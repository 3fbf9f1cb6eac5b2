import type { Platform } from '../platform/platform.ts'
import type { Bench } from './bench.ts'
import type { BenchBook } from './bench-book.ts'
import { doubled } from './bench-times.ts'
import type { Credential, Secret } from './credential.ts'
import type { CredentialQuota, QuotaReading } from './quota.ts'
import type { DueTrial } from './selection.ts'
import type { TrialDesk } from './trial-desk.ts'
import { benchAfterUsage, type ProbeUsage } from './usage-probe.ts'

/** After a probe that taught nothing, the next one in the background comes this much later, doubling. */
const ASK_AGAIN_MS = 60_000
const LONGEST_PAUSE_MS = 3_600_000
/** Only testable by usage: other benches end by themselves or need a new secret. */
const TESTABLE = new Set<Bench['reason']>(['quota_exhausted', 'billing'])

export interface ProbeDeskDependencies {
  readonly book: BenchBook
  readonly trials: TrialDesk
  readonly platform: Platform
  readonly probe: ProbeUsage
  /** The provider of this pool has a usage endpoint. */
  readonly canProbe: (provider: string) => boolean
  readonly readSecret: (credential: Credential) => Promise<Secret>
  readonly quotaOf: (credentialId: string) => Promise<CredentialQuota | undefined>
  readonly record: (reading: QuotaReading) => void
}

/** Asks usage endpoints whether a bench still holds, so that no call has to be the guinea pig. */
export class ProbeDesk {
  readonly #deps: ProbeDeskDependencies
  readonly #pauses = new Map<string, { readonly untilMs: number; readonly times: number }>()
  readonly #running = new Set<Promise<unknown>>()

  constructor(dependencies: ProbeDeskDependencies) {
    this.#deps = dependencies
  }

  /**
   * Tests one bench under its trial claim. Never throws for what a provider does.
   * @returns `lifted`: ready again · `stands`: still used up, by the provider's own word · `unknown`: ask by a live call
   */
  async test(due: DueTrial): Promise<'lifted' | 'stands' | 'unknown'> {
    const { book, platform, probe, readSecret, quotaOf, record } = this.#deps
    const { credential, scope } = due
    if (!this.#isTestable(due)) return 'unknown'
    const askedAtMs = platform.clock.now()
    let secret: Secret
    try {
      secret = await readSecret(credential)
    } catch {
      // The live call will tell what is wrong with the secret.
      return 'unknown'
    }
    const planBefore = (await quotaOf(credential.id))?.planType
    const usage = await probe(credential, secret)
    if (usage === undefined) return 'unknown'
    const { windows, planType, creditsBalance } = usage
    record({
      credentialId: credential.id,
      windows,
      source: 'usage',
      readAtMs: askedAtMs,
      ...(planType === undefined ? {} : { planType }),
      ...(creditsBalance === undefined ? {} : { creditsBalance }),
    })
    let verdict: 'lifted' | 'stands' | 'unknown' = 'unknown'
    await book.change(credential.id, scope, (current, standing) => {
      if (standing === undefined || standing.tokenGeneration !== current.generation) return undefined
      const next = benchAfterUsage(standing, usage, planBefore, askedAtMs, platform.clock.now())
      verdict = next === undefined ? 'unknown' : next === null ? 'lifted' : 'stands'
      return next
    })
    return verdict
  }

  /** Tests benches that are due while other credentials serve the calls: an account that came back early is not left aside. */
  inBackground(trialsDue: readonly DueTrial[]): void {
    for (const due of trialsDue) {
      const key = `${due.credential.id}\n${due.scope}`
      const nowMs = this.#deps.platform.clock.now()
      if (!this.#isTestable(due) || nowMs < (this.#pauses.get(key)?.untilMs ?? 0)) continue
      // Set before the first await: a hundred calls at once ask once.
      this.#pauses.set(key, { untilMs: nowMs + ASK_AGAIN_MS, times: this.#pauses.get(key)?.times ?? 0 })
      const work = this.#ask(due, key)
        // The store refused, which the bench book has reported: the bench stays as it is.
        .catch(() => undefined)
        .finally(() => this.#running.delete(work))
      this.#running.add(work)
    }
  }

  /** Waits for probes that are under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#running)
  }

  async #ask(due: DueTrial, key: string): Promise<void> {
    const { trials, platform } = this.#deps
    const claim = await trials.claim(due.credential.id, due.scope)
    if (claim === undefined) return
    try {
      const times = (this.#pauses.get(key)?.times ?? 0) + 1
      if ((await this.test(due)) === 'unknown') {
        const pauseMs = doubled(ASK_AGAIN_MS, times - 1, LONGEST_PAUSE_MS)
        this.#pauses.set(key, { untilMs: platform.clock.now() + pauseMs, times })
      } else {
        this.#pauses.delete(key)
      }
    } finally {
      await trials.end(claim)
    }
  }

  #isTestable({ credential, bench }: DueTrial): boolean {
    return TESTABLE.has(bench.reason) && this.#deps.canProbe(credential.provider)
  }
}
