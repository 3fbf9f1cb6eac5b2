import { Batches } from './batches.ts'
import { type CredentialQuota, mergeQuota, type QuotaReading } from './quota.ts'
import type { Store } from './store-contract.ts'

/** Nobody may ever look: what waits to be read back must not grow with every name that a provider invents. */
const MOST_WINDOWS = 64

/** What is known of every credential's limits: the store's readings, and on top of them what this process has read since. */
export class QuotaBook extends Batches<QuotaReading> {
  constructor(store: Store) {
    super(joined, (batch) => store.readings.addQuotas([...batch.values()]))
  }

  /** @param stored what the store had at its last reading */
  of(credentialId: string, stored: CredentialQuota | undefined): CredentialQuota | undefined {
    return this.onTopOf<CredentialQuota | undefined>(credentialId, stored, mergeQuota)
  }
}

/** Two readings of one credential as one: the later names win, windows that only the earlier one had stay. */
function joined(earlier: QuotaReading, later: QuotaReading): QuotaReading {
  if (later.readAtMs < earlier.readAtMs) return joined(later, earlier)
  const named = new Set(later.windows.map((window) => `${window.name}\n${window.model ?? ''}`))
  const kept = earlier.windows.filter((window) => !named.has(`${window.name}\n${window.model ?? ''}`))
  return { ...earlier, ...later, windows: [...later.windows, ...kept].slice(0, MOST_WINDOWS) }
}
