import type { Clock } from '../platform/clock.ts'

/** Processes of one home are often in each other's way for a moment; only a lock that lasts is a trouble. As long as its message says. */
export const LASTING_LOCK_MS = 5_000

export interface WritingTroubleSettings {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly tell: (message: string) => void
  /** What is told when nothing can be written; the cause follows. */
  readonly broken: string
  /** What is told when that is over. */
  readonly mended: () => string
}

/** Tells once that something cannot be written, and once that it can be again. */
export class WritingTrouble {
  readonly #settings: WritingTroubleSettings
  /** Monotonic; since when others hold the lock. */
  #lockedSinceMs: number | undefined
  #told = false

  constructor(settings: WritingTroubleSettings) {
    this.#settings = settings
  }

  /** @returns what kept it from being written; a brief lock is not told and passes by itself */
  failed(error: unknown): 'brief_lock' | 'lasting_lock' | 'other' {
    const { clock, tell, broken } = this.#settings
    const isLocked = (error as { readonly code?: unknown } | null)?.code === 'locked'
    if (isLocked) {
      const nowMs = clock.monotonic()
      this.#lockedSinceMs ??= nowMs
      if (nowMs - this.#lockedSinceMs < LASTING_LOCK_MS) return 'brief_lock'
    }
    if (!this.#told) tell(`${broken}: ${error instanceof Error ? error.message : 'unknown'}`)
    this.#told = true
    return isLocked ? 'lasting_lock' : 'other'
  }

  worked(): void {
    this.#lockedSinceMs = undefined
    if (this.#told) this.#settings.tell(this.#settings.mended())
    this.#told = false
  }
}
