import type { Failure } from '../failure/evidence.ts'
import { Cut } from '../platform/cut.ts'
import type { Platform } from '../platform/platform.ts'
import type { Policy } from '../recovery/policy.ts'
import type { Call } from './call.ts'
import type { CallState } from './call-state.ts'
import { type Compress, planCompression } from './compress.ts'
import type { PlannedRepair } from './repairs.ts'
import { within } from './within.ts'

export interface RepairTools {
  readonly platform: Platform
  readonly policy: Policy
  /** Repairs of requests that are not wanted. @default all are */
  readonly repairsOff?: ReadonlySet<string>
  /** Makes conversations shorter that do not fit. @default nobody does: the caller is told */
  readonly compress?: Compress | undefined
}

/** How the refused request could be mended. Looks only where the recovery table would have it. */
export async function planRepair(
  failure: Failure,
  call: Call,
  state: CallState,
  tools: RepairTools,
  remainingMs: number,
): Promise<PlannedRepair | undefined> {
  if (!tools.policy[failure.label].tries.includes('repair')) return undefined
  const off = tools.repairsOff ?? NONE_OFF
  const replay = state.replayed === undefined ? await state.replay?.afterRefusal(failure, off) : undefined
  if (replay !== undefined) return replay
  const known = state.repairs.next(failure, state.sent, off)
  if (known !== undefined || failure.label !== 'context_overflow') return known
  const { compress, platform } = tools
  if (compress === undefined || state.base === undefined || remainingMs <= 0) return undefined
  state.compressions += 1
  const cut = new Cut()
  const leave = () => cut.abort()
  call.signal.addEventListener('abort', leave)
  const planned = planCompression(failure, state.base, compress, state.compressions, cut).catch(() => undefined)
  const found = await within(planned, remainingMs, platform.timers)
  call.signal.removeEventListener('abort', leave)
  if (found === undefined) cut.abort()
  return found
}

const NONE_OFF: ReadonlySet<string> = new Set()
