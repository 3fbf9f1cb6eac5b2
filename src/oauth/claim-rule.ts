import type { ProcessWatch } from '../platform/process-watch.ts'
import type { HeldRefresh } from '../pool/store-contract.ts'

/** Nobody waits longer than this after its time for a holder that lives and does not move, ms: a stopped process may never go on. */
export const LIVING_GRACE_MS = 10 * 60_000

/** How claims on a refresh name their holder, and when somebody else may have one. */
export class ClaimRule {
  readonly #processes: ProcessWatch | undefined

  /** @param processes @default nobody can be asked: a claim ends by its time */
  constructor(processes?: ProcessWatch) {
    this.#processes = processes
  }

  /** @param id unguessable: two refreshes of one process are two holders */
  nameHolder(id: string): string {
    return this.#processes === undefined ? id : `${this.#processes.self}/${id}`
  }

  /**
   * The claim of a dead process is free at once: its token may be spent, and the sooner it is tried the better a provider with a grace
   * period takes it. The claim of a living one is left alone beyond its time: it may hold the answer already, and taking over would be the
   * second use of its token.
   */
  mayTakeOver({ holder, untilMs }: HeldRefresh, nowMs: number): boolean {
    switch (this.#processes?.stateOf(holder.split('/')[0] ?? '')) {
      case 'gone':
        return true
      case 'alive':
        return nowMs >= untilMs + LIVING_GRACE_MS
      default:
        return nowMs >= untilMs
    }
  }
}
