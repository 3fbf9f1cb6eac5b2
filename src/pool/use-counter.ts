import { Batches } from './batches.ts'
import type { Store, Uses } from './store-contract.ts'

export const NEVER_USED: Uses = { count: 0, lastUsedAtMs: 0 }

/** Counts calls in memory until they are written. */
export class UseCounter extends Batches<Uses> {
  constructor(store: Store) {
    super(added, (batch) =>
      store.readings.addUses([...batch].map(([credentialId, uses]) => ({ credentialId, ...uses }))),
    )
  }

  count(credentialId: string, nowMs: number): void {
    this.add(credentialId, { count: 1, lastUsedAtMs: nowMs })
  }

  /** What the store had not counted when it was last read. */
  notCounted(credentialId: string): Uses {
    return this.onTopOf(credentialId, NEVER_USED, added)
  }
}

export function added(one: Uses, other: Uses): Uses {
  return { count: one.count + other.count, lastUsedAtMs: Math.max(one.lastUsedAtMs, other.lastUsedAtMs) }
}
