import { StoreError } from './store-contract.ts'
import type { Pending } from './write-behind.ts'

/** Joins two entries of one credential, the earlier one first. */
type Join<T> = (earlier: T, later: T) => T

/**
 * What this process knows and the store may not: one entry a credential, joined as it comes. An entry counts from the moment it is added
 * until the store has been read after it was written: else the newest news would be forgotten until the next look (14631).
 */
export class Batches<T> implements Pending {
  readonly #join: Join<T>
  readonly #write: (batch: ReadonlyMap<string, T>) => Promise<void>
  #pending = new Map<string, T>()
  #writing = new Map<string, T>()
  /** Written, but not yet read back by the view. */
  #unread = new Map<string, T>()
  #writes = 0

  constructor(join: Join<T>, write: (batch: ReadonlyMap<string, T>) => Promise<void>) {
    this.#join = join
    this.#write = write
  }

  add(credentialId: string, entry: T): void {
    this.#put(this.#pending, credentialId, entry)
  }

  /** Adds to `start` what the store does not have, the earliest first. */
  onTopOf<R>(credentialId: string, start: R, step: (known: R, entry: T) => R): R {
    let known = start
    const unread = this.#unread.get(credentialId)
    if (unread !== undefined) known = step(known, unread)
    const writing = this.#writing.get(credentialId)
    if (writing !== undefined) known = step(known, writing)
    const pending = this.#pending.get(credentialId)
    return pending === undefined ? known : step(known, pending)
  }

  /** Counts batches that were written. */
  get writes(): number {
    return this.#writes
  }

  /** The store was read. @param writes how many batches had been written when that began */
  readBack(writes: number): void {
    if (writes === this.#writes) this.#unread = new Map()
  }

  async flush(): Promise<boolean> {
    if (this.#pending.size === 0) return true
    this.#writing = this.#pending
    this.#pending = new Map()
    try {
      await this.#write(this.#writing)
      for (const [credentialId, entry] of this.#writing) this.#put(this.#unread, credentialId, entry)
      this.#writing = new Map()
      this.#writes += 1
      return true
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      const since = this.#pending
      this.#pending = this.#writing
      this.#writing = new Map()
      for (const [credentialId, entry] of since) this.#put(this.#pending, credentialId, entry)
      return error.code === 'closed'
    }
  }

  #put(batch: Map<string, T>, credentialId: string, entry: T): void {
    const before = batch.get(credentialId)
    batch.set(credentialId, before === undefined ? entry : this.#join(before, entry))
  }
}
