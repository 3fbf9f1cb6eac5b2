import type { Failure } from '../failure/evidence.ts'
import type { Refresher } from '../oauth/refresh.ts'
import type { CutSignal } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import type { Secret } from '../pool/credential.ts'
import type { Lease } from '../pool/lease.ts'
import type { BenchTerms } from '../recovery/policy.ts'

/** A login that cannot be refreshed just now is left alone until its token endpoint may be asked again, not for the five minutes of a dead one. */
export const RESTING_LOGIN: BenchTerms = { kind: 'hint', baseMs: 2_000, capMs: 60_000 }

/** A refresh that may be tried again so soon is waited for when nobody else is ready, ms. */
const WORTH_WAITING_MS = 30_000
const WAITS = 5
/** A token endpoint that hangs must not hold a call whose token is still good, ms. */
const WAIT_WITH_LIVING_TOKEN_MS = 5_000

export type Freshness =
  /** Undefined: not read yet; there was no reason to. */
  | { readonly kind: 'use'; readonly secret: Secret | undefined }
  | { readonly kind: 'renewed' }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly terms?: BenchTerms }

export interface FreshenTools {
  readonly refresher: Refresher | undefined
  readonly platform: Platform
  readonly signal: CutSignal
  readonly remainingMs: () => number
  /** Whether another credential could serve instead of a wait. */
  readonly othersReady: () => Promise<boolean>
}

/** Looks at a login before it is used, and renews it when it is about to end. While the old token lives, nobody waits for trouble. */
export async function freshen(lease: Lease, tools: FreshenTools): Promise<Freshness> {
  const { refresher, platform, signal } = tools
  const { credential } = lease
  if (refresher === undefined || credential.type !== 'oauth') return { kind: 'use', secret: undefined }
  const secret = await lease.secret().catch(() => undefined)
  if (secret === undefined || !refresher.isDue(secret) || !refresher.canRefresh(credential, secret))
    return { kind: 'use', secret }
  for (let waits = 0; ; waits += 1) {
    const patienceMs = refresher.stillLives(secret) ? WAIT_WITH_LIVING_TOKEN_MS : Number.POSITIVE_INFINITY
    const renewal = await refresher.renew(credential, lease.tokenGeneration, {
      ms: Math.min(patienceMs, tools.remainingMs()),
      signal,
    })
    if (renewal.kind === 'renewed') return { kind: 'renewed' }
    if (renewal.kind === 'dead') return { kind: 'failed', failure: renewal.failure }
    if (renewal.kind !== 'later' || refresher.stillLives(secret)) return { kind: 'use', secret }
    const delayMs = renewal.untilMs - platform.clock.now() + 1
    const fits = delayMs <= WORTH_WAITING_MS && delayMs < tools.remainingMs() && waits < WAITS
    if (signal.aborted || !fits || (await tools.othersReady()))
      return { kind: 'failed', failure: renewal.failure, terms: RESTING_LOGIN }
    await platform.timers.sleep(Math.max(1, delayMs), signal)
  }
}
