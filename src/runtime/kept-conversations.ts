import type { HistoryConfig } from '../config/config.ts'
import type { Platform } from '../platform/platform.ts'
import type { Store } from '../pool/store-contract.ts'
import { ConversationHistory } from '../relay/conversation-history.ts'

/** What is kept of conversations as the configuration has it now: switched on, off and on again while calls run. */
export class KeptConversations {
  readonly #store: Store
  readonly #platform: Platform
  readonly #onTrouble: (message: string) => void
  #history: ConversationHistory | undefined
  /** What is forgotten or closed before anything else happens to the store. */
  #settled: Promise<void> = Promise.resolve()

  constructor(store: Store, platform: Platform, onTrouble: (message: string) => void) {
    this.#store = store
    this.#platform = platform
    this.#onTrouble = onTrouble
  }

  /** @param bounds undefined: nothing is to be kept, and what was kept is removed. @returns undefined then */
  as(bounds: HistoryConfig | undefined): ConversationHistory | undefined {
    if (bounds === undefined) {
      const before = this.#history
      this.#history = undefined
      this.#settled = this.#settled.then(async () => {
        await before?.close()
        await this.#store.forgetHistory().catch((error: unknown) => this.#tell(error))
      })
      return undefined
    }
    this.#history?.keepWithin(bounds)
    // As it is now: a later removal waits for this history to close, and would wait for ever if that waited for the removal.
    const settled = this.#settled
    this.#history ??= new ConversationHistory({
      open: async () => {
        await settled
        return this.#store.openHistory()
      },
      platform: this.#platform,
      bounds,
      onTrouble: this.#onTrouble,
    })
    return this.#history
  }

  /** Never throws. */
  async close(): Promise<void> {
    await this.#history?.close()
    await this.#settled
  }

  #tell(error: unknown): void {
    this.#onTrouble(`kept conversations could not be removed: ${error instanceof Error ? error.message : 'unknown'}`)
  }
}
