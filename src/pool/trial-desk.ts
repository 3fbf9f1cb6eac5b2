import type { Clock } from '../platform/clock.ts'
import type { Holder } from './holder.ts'
import { type Store, StoreError } from './store-contract.ts'

interface Claim {
  readonly credentialId: string
  readonly scope: string
  readonly inStore: boolean
}

/** Hands out the single trial of a bench: one at a time across all processes, and across all calls of this one. */
export class TrialDesk {
  readonly #store: Store
  readonly #clock: Clock
  readonly #holder: Holder
  readonly #onTrouble: (error: StoreError) => void
  readonly #claims = new Map<string, Claim>()
  #count = 0

  constructor(store: Store, clock: Clock, holder: Holder, onTrouble: (error: StoreError) => void) {
    this.#store = store
    this.#clock = clock
    this.#holder = holder
    this.#onTrouble = onTrouble
  }

  /** @returns the name of the claim, or undefined while somebody else holds the trial */
  async claim(credentialId: string, scope: string): Promise<string | undefined> {
    for (const claim of this.#claims.values()) {
      if (claim.credentialId === credentialId && claim.scope === scope) return undefined
    }
    // One name per claim: a trial that outlived its claim must not end the claim of its successor.
    this.#count += 1
    const name = `${this.#holder.name}/${this.#count}`
    this.#claims.set(name, { credentialId, scope, inStore: true })
    // The claim ends by itself when this process dies: it lives by the holder's beat.
    this.#holder.hold()
    try {
      const claim = { credentialId, scope, holder: name, untilMs: this.#holder.untilMs() }
      if (await this.#store.claimTrial(claim, this.#clock.now())) return name
      this.#forget(name)
      return undefined
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'closed') {
        this.#forget(name)
        throw error
      }
      // A store that refuses writes must not lock an account away for ever: the trial is then single in this process only.
      this.#onTrouble(error)
      this.#claims.set(name, { credentialId, scope, inStore: false })
      return name
    }
  }

  async end(name: string): Promise<void> {
    const claim = this.#claims.get(name)
    this.#forget(name)
    if (claim === undefined || !claim.inStore) return
    try {
      await this.#store.endTrial(claim.credentialId, claim.scope, name)
    } catch (error) {
      // The claim ends by itself.
      if (!(error instanceof StoreError)) throw error
      if (error.code !== 'closed') this.#onTrouble(error)
    }
  }

  #forget(name: string): void {
    if (this.#claims.delete(name)) this.#holder.letGo()
  }
}
