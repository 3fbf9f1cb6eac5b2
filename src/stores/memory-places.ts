import type { PlaceStore } from '../pool/store-contract.ts'

interface Places {
  readonly taken: number
  readonly untilMs: number
}

/** Calls in flight of a store in memory: several pools of one process may share it. */
export class MemoryPlaces implements PlaceStore {
  readonly #byCredential = new Map<string, Map<string, Places>>()
  readonly #knows: (credentialId: string) => boolean
  readonly #prolongTrials: (holder: string, untilMs: number) => void

  constructor(knows: (credentialId: string) => boolean, prolongTrials: (holder: string, untilMs: number) => void) {
    this.#knows = knows
    this.#prolongTrials = prolongTrials
  }

  async take(
    place: { readonly credentialId: string; readonly holder: string; readonly untilMs: number; readonly limit: number },
    nowMs: number,
  ): Promise<boolean> {
    const { credentialId, holder, limit, untilMs } = place
    if (!this.#knows(credentialId)) return false
    const holders = this.#byCredential.get(credentialId) ?? new Map<string, Places>()
    let taken = 0
    for (const [name, places] of holders) {
      if (name !== holder && places.untilMs <= nowMs) holders.delete(name)
      else taken += places.taken
    }
    if (taken >= limit) return false
    const own = holders.get(holder)
    holders.set(holder, { taken: (own?.taken ?? 0) + 1, untilMs: Math.max(own?.untilMs ?? 0, untilMs) })
    this.#byCredential.set(credentialId, holders)
    return true
  }

  async giveBack(credentialId: string, holder: string): Promise<void> {
    this.#knows(credentialId)
    const holders = this.#byCredential.get(credentialId)
    const own = holders?.get(holder)
    if (holders === undefined || own === undefined) return
    if (own.taken > 1) holders.set(holder, { ...own, taken: own.taken - 1 })
    else holders.delete(holder)
  }

  async takenByOthers(holder: string, nowMs: number): Promise<ReadonlyMap<string, number>> {
    const taken = new Map<string, number>()
    for (const [credentialId, holders] of this.#byCredential) {
      for (const [name, places] of holders) {
        if (name === holder || places.untilMs <= nowMs) continue
        taken.set(credentialId, (taken.get(credentialId) ?? 0) + places.taken)
      }
    }
    return taken
  }

  async keepAlive(holder: string, untilMs: number): Promise<void> {
    this.#knows('')
    for (const holders of this.#byCredential.values()) {
      const own = holders.get(holder)
      if (own !== undefined) holders.set(holder, { ...own, untilMs })
    }
    this.#prolongTrials(holder, untilMs)
  }

  forget(credentialId: string): void {
    this.#byCredential.delete(credentialId)
  }
}
