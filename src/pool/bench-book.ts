import type { Bench } from './bench.ts'
import type { Credential } from './credential.ts'
import { type CredentialIndex, indexCredentials, type PoolView, viewOf } from './pool-view.ts'
import { type PoolSnapshot, type Store, StoreError } from './store-contract.ts'
import type { Pending } from './write-behind.ts'

/** Told when the store refuses; the message carries no secret. */
export type StoreTrouble = (error: StoreError, credentialId?: string) => void

type Change = (credential: Credential, bench: Bench | undefined) => Bench | null | undefined

/**
 * Reads and writes benches for the pool. When the store refuses (disk full, read-only home, locked), verdicts are kept in memory and
 * written later: a full disk must not make every call hammer the empty account again, and a failed read is never "no credentials" (71655).
 */
export class BenchBook implements Pending {
  readonly #store: Store
  readonly #onTrouble: StoreTrouble
  readonly #unwritten = new Map<string, Bench>()
  #snapshot: PoolSnapshot | undefined
  #index: CredentialIndex | undefined
  #view: PoolView | undefined

  constructor(store: Store, onTrouble: StoreTrouble) {
    this.#store = store
    this.#onTrouble = onTrouble
  }

  /** @param mayBeOldMs see `Store.snapshot`. @throws StoreError when the store cannot be read and never could */
  async view(mayBeOldMs = 0): Promise<PoolView> {
    let snapshot: PoolSnapshot
    try {
      snapshot = await this.#store.snapshot(mayBeOldMs)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'closed' || this.#snapshot === undefined) throw error
      this.#onTrouble(error)
      snapshot = this.#snapshot
    }
    if (this.#view === undefined || snapshot !== this.#snapshot) {
      this.#snapshot = snapshot
      this.#index = indexCredentials(snapshot.credentials, this.#index)
      this.#view = viewOf(snapshot, this.#index, [...this.#unwritten.values()])
    }
    return this.#view
  }

  /** One change of one bench, in the store or, when that fails, in memory. @returns what stands now, what stood before, and whether it changed */
  async change(
    credentialId: string,
    scope: string,
    change: Change,
  ): Promise<{ readonly bench: Bench | undefined; readonly before: Bench | undefined; readonly changed: boolean }> {
    let before: Bench | undefined
    const key = keyOf(credentialId, scope)
    try {
      const kept = this.#unwritten.get(key)
      const result = await this.#store.changeBench(credentialId, scope, (credential, bench) => {
        const counts = kept !== undefined && stillCounts(kept, credential)
        before = counts ? kept : bench
        const next = change(credential, before)
        // What only memory knew becomes permanent with the next verdict.
        return next === undefined && counts ? kept : next
      })
      if (kept !== undefined) this.#forget(key)
      return { ...result, before }
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'closed') throw error
      this.#onTrouble(error, credentialId)
      return await this.#changeInMemory(credentialId, scope, key, change)
    }
  }

  /** @returns true when nothing is left that only memory knows */
  async flush(): Promise<boolean> {
    for (const [key, kept] of [...this.#unwritten]) {
      try {
        await this.#store.changeBench(kept.credentialId, kept.scope, (credential, bench) => {
          const newer = bench !== undefined && bench.sinceMs > kept.sinceMs
          return newer || !stillCounts(kept, credential) ? undefined : kept
        })
        this.#forget(key)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        return false
      }
    }
    return true
  }

  /** The view that was looked at last, without looking again. */
  get latest(): PoolView | undefined {
    return this.#view
  }

  get keepsUnwritten(): boolean {
    return this.#unwritten.size > 0
  }

  async #changeInMemory(credentialId: string, scope: string, key: string, change: Change) {
    // Looked at again: since the last look this process may have written the very bench that is to be changed.
    const view = this.#snapshot === undefined ? undefined : await this.view()
    const credential = view?.credential(credentialId)
    const before = view?.benchesOf(credentialId).find((each) => each.scope === scope)
    if (credential === undefined) return { bench: before, before, changed: false }
    const next = change(credential, before)
    if (next === undefined) return { bench: before, before, changed: false }
    // A lifted bench cannot be told apart from the stored one on a disk that refuses writes: an ended copy stands in for "none".
    if (next !== null) this.#unwritten.set(key, next)
    else if (before !== undefined) this.#unwritten.set(key, { ...before, dead: false, untilMs: 0, trialAtMs: 0 })
    this.#view = undefined
    return { bench: next ?? undefined, before, changed: true }
  }

  #forget(key: string): void {
    this.#unwritten.delete(key)
    this.#view = undefined
  }
}

/** A reset or a new token in another process beats what only this one remembers. */
function stillCounts(kept: Bench, credential: Credential): boolean {
  return kept.tokenGeneration === credential.generation && credential.resetStampMs < kept.sinceMs
}

function keyOf(credentialId: string, scope: string): string {
  return `${credentialId} ${scope}`
}
