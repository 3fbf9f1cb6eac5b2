import type { Platform } from '../platform/platform.ts'
import type { RefreshStore, RenewedSecret } from '../pool/store-contract.ts'

/** A pair that only this process may have is tried this often, ms: while it is not stored, another process could spend its forerunner. */
const TRY_AGAIN_MS = [250, 500, 1_000, 2_000] as const

/** Refreshed tokens that the store refused: in memory, in a sealed file beside the store, and tried again until they are stored. */
export class UnsavedTokens {
  readonly #store: RefreshStore
  readonly #platform: Platform
  readonly #onTrouble: (message: string) => void
  readonly #kept = new Map<string, RenewedSecret>()
  readonly #unreadable = new Set<string>()
  #cancelTimer: (() => void) | undefined
  #closed = false

  constructor(store: RefreshStore, platform: Platform, onTrouble: (message: string) => void) {
    this.#store = store
    this.#platform = platform
    this.#onTrouble = onTrouble
  }

  /** The pair that replaces this generation. */
  of(credentialId: string, generation: number): RenewedSecret | undefined {
    const kept = this.#kept.get(credentialId)
    return kept?.generation === generation ? kept : undefined
  }

  /** Keeps a pair that `commit` refused, and says so loudly (113816: lost, with one line at DEBUG). */
  async keep(renewed: RenewedSecret, why: unknown): Promise<void> {
    this.#kept.set(renewed.credentialId, renewed)
    const reason = why instanceof Error ? why.message : 'unknown error'
    let where = 'a sealed recovery file in the home'
    try {
      await this.#store.setAside(renewed)
    } catch (error) {
      where = `memory only (no recovery file either: ${
        error instanceof Error ? error.message : 'unknown error'
      }); do not stop this process`
    }
    this.#onTrouble(
      `REFRESHED TOKENS NOT STORED: the new login of ${renewed.credentialId} is kept in ${where} and tried again until the store takes it: ${reason}`,
    )
    this.#tryLater(0)
  }

  /**
   * Puts a pair beside the store before it is committed: that takes a tenth of a millisecond and waits for nobody, a commit waits for the
   * disk and for every other process, and a kill in between would lose the account. Never throws: the commit decides.
   */
  async secure(renewed: RenewedSecret): Promise<void> {
    try {
      await this.#store.setAside(renewed, 'quick')
    } catch {
      // A folder that takes no file may still have a database that takes a row; if not, `keep` says so.
    }
  }

  /** Ends `secure`, when the pair is committed. What stays behind is taken up and dropped by the next who looks. */
  async release(renewed: RenewedSecret): Promise<void> {
    try {
      await this.#store.dropAside(renewed)
    } catch {
      // It is older than what is stored now.
    }
  }

  /** Stores everything that was kept or set aside, by this process or another one. Never throws. */
  async takeUp(): Promise<void> {
    let found: readonly RenewedSecret[] = []
    try {
      found = await this.#store.asides((message) => this.#tellOnce(message))
    } catch (error) {
      this.#tellOnce(`recovery files could not be read: ${error instanceof Error ? error.message : 'unknown error'}`)
    }
    const own = [...this.#kept.values()].filter((each) => !found.some((other) => isSame(each, other)))
    for (const renewed of [...found, ...own]) await this.#tryOne(renewed)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelTimer?.()
    if (this.#kept.size > 0) await this.takeUp()
  }

  async #tryOne(renewed: RenewedSecret): Promise<void> {
    const { credentialId } = renewed
    try {
      const committed = await this.#store.commit(renewed)
      await this.#store.dropAside(renewed)
      const kept = this.#kept.get(credentialId)
      if (kept === undefined || !isSame(kept, renewed)) return
      this.#kept.delete(credentialId)
      // Only who has said that it was not stored; every other pair beside the store is on its way into it.
      if (committed !== undefined) this.#onTrouble(`the refreshed login of ${credentialId} is stored now`)
    } catch {
      // Still refused: kept, and tried again.
      const kept = this.#kept.get(credentialId)
      if (kept === undefined || kept.generation <= renewed.generation) this.#kept.set(credentialId, renewed)
      if (this.#cancelTimer === undefined) this.#tryLater(0)
    }
  }

  #tryLater(times: number): void {
    if (this.#closed) return
    this.#cancelTimer?.()
    const delayMs = TRY_AGAIN_MS[Math.min(times, TRY_AGAIN_MS.length - 1)] ?? 0
    this.#cancelTimer = this.#platform.timers.after(
      delayMs,
      () => {
        void this.takeUp().then(() => {
          this.#cancelTimer = undefined
          if (this.#kept.size > 0) this.#tryLater(times + 1)
        })
      },
      { unref: true },
    )
  }

  #tellOnce(message: string): void {
    if (this.#unreadable.has(message)) return
    this.#unreadable.add(message)
    this.#onTrouble(message)
  }
}

function isSame(one: RenewedSecret, other: RenewedSecret): boolean {
  return one.credentialId === other.credentialId && one.generation === other.generation
}
