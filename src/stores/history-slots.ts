import type { HistoryBounds } from '../pool/store-contract.ts'

/** What one answer costs beside its text, so that many small ones are bounded too. */
export const ROW_BYTES = 256
/** Steps that one conversation may have; each is read one by one when it is replayed. */
export const DEEPEST = 2_000
const LONGEST_SLOT_MS = 600_000

/**
 * The time that an answer is kept by. It stands still for a thousandth of the time that is kept, so that a conversation's earlier answers need
 * not be written again for each new one.
 */
export function slotOf(nowMs: number, { keepMs }: HistoryBounds): number {
  const slotMs = Math.max(1, Math.min(LONGEST_SLOT_MS, Math.floor(keepMs / 1_000)))
  return Math.floor(nowMs / slotMs) * slotMs
}
