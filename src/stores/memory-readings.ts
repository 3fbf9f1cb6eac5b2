import { type CredentialQuota, mergeQuota, type QuotaReading } from '../pool/quota.ts'
import type { Readings, ReadingStore, Uses } from '../pool/store-contract.ts'

/** Counters and quota windows of a store in memory. */
export class MemoryReadings implements ReadingStore {
  readonly #uses = new Map<string, Uses>()
  readonly #quotas = new Map<string, CredentialQuota>()
  /** @throws StoreError `closed`. @returns whether the store has this credential */
  readonly #knows: (credentialId: string) => boolean
  #revision = 1
  #readings: Readings | undefined

  constructor(knows: (credentialId: string) => boolean) {
    this.#knows = knows
  }

  async current(): Promise<Readings> {
    this.#knows('')
    this.#readings ??= { revision: this.#revision, uses: new Map(this.#uses), quotas: new Map(this.#quotas) }
    return this.#readings
  }

  async addUses(uses: ReadonlyArray<Uses & { readonly credentialId: string }>): Promise<void> {
    for (const { credentialId, count, lastUsedAtMs } of uses) {
      if (!this.#knows(credentialId)) continue
      const before = this.#uses.get(credentialId)
      this.#uses.set(credentialId, {
        count: (before?.count ?? 0) + count,
        lastUsedAtMs: Math.max(before?.lastUsedAtMs ?? 0, Math.round(lastUsedAtMs)),
      })
      this.#changed()
    }
  }

  async addQuotas(readings: readonly QuotaReading[]): Promise<void> {
    for (const reading of readings) {
      if (!this.#knows(reading.credentialId)) continue
      this.#quotas.set(reading.credentialId, mergeQuota(this.#quotas.get(reading.credentialId), reading))
      this.#changed()
    }
  }

  forget(credentialId: string): void {
    this.#uses.delete(credentialId)
    this.#quotas.delete(credentialId)
    this.#changed()
  }

  #changed(): void {
    this.#revision += 1
    this.#readings = undefined
  }
}
