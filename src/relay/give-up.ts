import type { Failure } from '../failure/evidence.ts'
import type { NothingReady } from '../pool/lease.ts'
import type { GivenUp } from '../wire/wire.ts'
import { bestFailure } from './best-failure.ts'
import type { Call } from './call.ts'
import type { CallState } from './call-state.ts'
import { hasNoneToLend, nothingReadyFailure } from './nothing-ready.ts'

/**
 * What the caller is told when nothing helped: the failure of the best evidence, and every attempt.
 * @param given the failure to tell instead of the best one that was seen
 */
export function giveUp(
  call: Call,
  state: CallState,
  why: NothingReady | undefined,
  nowMs: number,
  given?: Failure,
): GivenUp {
  const failure = given ?? bestFailure(state.failures) ?? nothingReadyFailure(call.chain[0], why, nowMs)
  const noCredential = state.attempts.length === 0 && why !== undefined && hasNoneToLend(why)
  return {
    failure,
    nowMs,
    ...(why?.earliestReturnMs === undefined ? {} : { earliestReturnMs: why.earliestReturnMs }),
    attempts: state.attempts.map(({ provider, credential, label, status }) => ({
      provider,
      credential,
      label: label ?? 'unknown',
      ...(status === undefined ? {} : { status }),
    })),
    ...(call.withheld === undefined || call.withheld.length === 0 ? {} : { withheld: call.withheld }),
    ...(noCredential ? { code: 'no_credential' } : {}),
  }
}
