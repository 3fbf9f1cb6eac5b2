import type { Platform } from '../platform/platform.ts'
import type { HistoryBounds, Store } from '../pool/store-contract.ts'
import { ConversationHistory } from '../relay/conversation-history.ts'

export interface KeptConversationsSettings {
  readonly store: Store
  readonly platform: Platform
  /** Whether what is kept is removed while nothing is to be kept; else it is left alone: somebody else on this home may keep it. */
  readonly removes: boolean
  readonly onTrouble: (message: string) => void
}

/** What is kept of conversations as the configuration has it now: switched on, off and on again while calls run. */
export class KeptConversations {
  readonly #settings: KeptConversationsSettings
  #history: ConversationHistory | undefined
  /** What is forgotten or closed before anything else happens to the store. */
  #settled: Promise<void> = Promise.resolve()

  constructor(settings: KeptConversationsSettings) {
    this.#settings = settings
  }

  /** @param bounds undefined: nothing is to be kept. @returns undefined then */
  as(bounds: HistoryBounds | undefined): ConversationHistory | undefined {
    const { store, platform, removes, onTrouble } = this.#settings
    if (bounds === undefined) {
      const before = this.#history
      this.#history = undefined
      this.#settled = this.#settled.then(async () => {
        await before?.close()
        if (removes) await store.forgetHistory().catch((error: unknown) => this.#tell(error))
      })
      return undefined
    }
    this.#history?.keepWithin(bounds)
    // As it is now: a later removal waits for this history to close, and would wait for ever if that waited for the removal.
    const settled = this.#settled
    this.#history ??= new ConversationHistory({
      open: async () => {
        await settled
        return store.openHistory()
      },
      platform,
      bounds,
      onTrouble,
    })
    return this.#history
  }

  /** Never throws. */
  async close(): Promise<void> {
    await this.#history?.close()
    await this.#settled
  }

  #tell(error: unknown): void {
    this.#settings.onTrouble(
      `kept conversations could not be removed: ${error instanceof Error ? error.message : 'unknown'}`,
    )
  }
}
