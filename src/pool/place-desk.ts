import type { Clock } from '../platform/clock.ts'
import type { Holder } from './holder.ts'
import { type PlaceStore, StoreError } from './store-contract.ts'

/** How old the count of other processes' places may be when people or selection look at it. */
const LOOK_AGAIN_AFTER_MS = 25

const NOBODY: ReadonlyMap<string, number> = new Map()

/** Counts calls in flight per credential, in this process and, where a limit is set, over all processes. */
export class PlaceDesk {
  readonly #places: PlaceStore
  readonly #holder: Holder
  readonly #clock: Clock
  readonly #onTrouble: (error: StoreError) => void
  readonly #inFlight = new Map<string, number>()
  #others: ReadonlyMap<string, number> = NOBODY
  #lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(places: PlaceStore, holder: Holder, clock: Clock, onTrouble: (error: StoreError) => void) {
    this.#places = places
    this.#holder = holder
    this.#clock = clock
    this.#onTrouble = onTrouble
  }

  /** Leases of this process. */
  inFlight(credentialId: string): number {
    return this.#inFlight.get(credentialId) ?? 0
  }

  /** Of this process and, as last looked up, of the others. */
  taken(credentialId: string): number {
    return this.inFlight(credentialId) + this.elsewhere(credentialId)
  }

  /** Of other processes, as last looked up. */
  elsewhere(credentialId: string): number {
    return this.#others.get(credentialId) ?? 0
  }

  /** Some credential has no place left, of whatever provider: else nobody need be asked one by one. */
  someFull(limit: number): boolean {
    for (const [id, count] of this.#inFlight) if (count + this.elsewhere(id) >= limit) return true
    for (const count of this.#others.values()) if (count >= limit) return true
    return false
  }

  /** Looks up what other processes have taken, unless that was done a moment ago. Needed only where a limit is set. @param now true = in any case */
  async look(now = false): Promise<void> {
    const nowMs = this.#clock.now()
    if (!now && Math.abs(nowMs - this.#lookedAtMs) < LOOK_AGAIN_AFTER_MS) return
    this.#lookedAtMs = nowMs
    try {
      this.#others = await this.#places.takenByOthers(this.#holder.name, nowMs)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'closed') throw error
      this.#onTrouble(error)
    }
  }

  /**
   * Takes a place. Counted here before anything is awaited: two calls of this process must not both see the last place free.
   * @param limit calls at once over all processes; 0 = no limit, and nothing is written
   * @returns how to give it back, or undefined when other processes have taken all
   */
  async take(credentialId: string, limit: number): Promise<(() => Promise<void>) | undefined> {
    this.#count(credentialId, 1)
    if (limit === 0) return async () => this.#count(credentialId, -1)
    const shared = await this.#takeShared(credentialId, limit)
    if (shared === 'full') {
      this.#count(credentialId, -1)
      this.#lookedAtMs = Number.NEGATIVE_INFINITY
      return undefined
    }
    this.#holder.hold()
    return async () => {
      this.#count(credentialId, -1)
      this.#holder.letGo()
      if (shared === 'taken') await this.#giveBack(credentialId)
    }
  }

  async #takeShared(credentialId: string, limit: number): Promise<'taken' | 'full' | 'alone'> {
    const place = { credentialId, holder: this.#holder.name, untilMs: this.#holder.untilMs(), limit }
    try {
      return (await this.#places.take(place, this.#clock.now())) ? 'taken' : 'full'
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'closed') {
        this.#count(credentialId, -1)
        throw error
      }
      // A store that refuses writes must not stop all calls: the limit then holds for this process only.
      this.#onTrouble(error)
      return this.inFlight(credentialId) > limit ? 'full' : 'alone'
    }
  }

  async #giveBack(credentialId: string): Promise<void> {
    try {
      await this.#places.giveBack(credentialId, this.#holder.name)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (error.code !== 'closed') this.#onTrouble(error)
    }
  }

  #count(credentialId: string, by: 1 | -1): void {
    const count = this.inFlight(credentialId) + by
    if (count > 0) this.#inFlight.set(credentialId, count)
    else this.#inFlight.delete(credentialId)
  }
}
