import type { Failure } from '../failure/evidence.ts'
import type { Refresher } from '../oauth/refresh.ts'
import type { CutSignal } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import type { Lease } from '../pool/lease.ts'
import { decide } from '../recovery/decide.ts'
import type { BenchTerms, Policy } from '../recovery/policy.ts'
import type { CallState } from './call-state.ts'
import { RESTING_LOGIN } from './freshen.ts'

export interface RefreshAfterTools {
  readonly refresher?: Refresher
  readonly policy: Policy
  readonly platform: Platform
  readonly state: CallState
  readonly signal: CutSignal
  readonly remainingMs: () => number
  /** How many other credentials could serve instead. */
  readonly othersReady: () => Promise<number>
  readonly nextRoute: boolean
}

export type RefreshedAfter =
  /** There is nothing to refresh, or the recovery table wants something else first. */
  | { readonly kind: 'no' }
  | { readonly kind: 'renewed' }
  /** What the token endpoint said counts instead of the 401. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly terms: BenchTerms | undefined }

/**
 * After a 401: once per token generation, and once per credential in a call, so that a 401 that no refresh cures is not a loop (26664).
 * The credential is charged only when that fails.
 */
export async function refreshAfter(failure: Failure, lease: Lease, tools: RefreshAfterTools): Promise<RefreshedAfter> {
  const { refresher, policy, state, remainingMs } = tools
  const { credential, tokenGeneration } = lease
  if (refresher === undefined || !policy[failure.label].tries.includes('refresh')) return { kind: 'no' }
  if (failure.evidence.status === undefined && failure.evidence.channel === 'exception') return { kind: 'no' }
  if (!state.mayRefresh(credential.id)) return { kind: 'no' }
  const secret = await lease.secret().catch(() => undefined)
  if (secret === undefined || !refresher.canRefresh(credential, secret)) return { kind: 'no' }
  const situation = {
    retriesDone: 0,
    otherReady: await tools.othersReady(),
    trialDue: false,
    othersTried: state.othersTried,
    refreshable: true,
    newerGeneration: false,
    nextRoute: tools.nextRoute,
    repair: undefined,
    poisoned: false,
    remainingMs: remainingMs(),
    waitableMs: remainingMs(),
    benchedMs: 0,
    retryBudgetLeft: true,
    committed: false,
    chance: tools.platform.random.next(),
  }
  // The recovery table says whether refreshing comes first; it may be the user's own.
  if (decide(failure, situation, policy).action !== 'refresh') return { kind: 'no' }
  state.refreshed(credential.id)
  const renewal = await refresher.renew(credential, tokenGeneration, { ms: remainingMs(), signal: tools.signal })
  if (renewal.kind === 'renewed') return { kind: 'renewed' }
  if (renewal.kind === 'dead') return { kind: 'failed', failure: renewal.failure, terms: undefined }
  return renewal.kind === 'later' ? { kind: 'failed', failure: renewal.failure, terms: RESTING_LOGIN } : { kind: 'no' }
}
