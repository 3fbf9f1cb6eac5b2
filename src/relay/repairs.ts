import type { Failure } from '../failure/evidence.ts'
import { BOUND_STATE } from '../wire/bound-state.ts'
import type { Call } from './call.ts'

/** Changes that make a refused request acceptable without changing what was said. Each is tried once a call. */
export type RepairName = 'bound_state'

interface Repair {
  readonly name: RepairName
  /** The refusal is about what this repair changes, and there is something to change. */
  fits(failure: Failure, call: Call): boolean
}

const REPAIRS: readonly Repair[] = [
  {
    name: 'bound_state',
    fits: (failure, call) =>
      (failure.code === 'invalid_encrypted_content' ||
        /encrypted content .*could not be verified|invalid `?signature`? in `?thinking|bound to a different conversation/i.test(
          failure.message,
        )) &&
      BOUND_STATE[call.wire].blobsOf(call.body).length > 0,
  },
]

/** @returns the repair to try next, if one fits that was not tried in this call */
export function repairFor(failure: Failure, call: Call, tried: ReadonlySet<RepairName>): RepairName | undefined {
  if (failure.blame !== 'request') return undefined
  return REPAIRS.find((repair) => !tried.has(repair.name) && repair.fits(failure, call))?.name
}
