import type { Situation } from '../../src/recovery/decide.ts'

/** A call in its beginning, alone: nothing tried, nobody else ready, all the time in the world. */
export function situationOf(given: Partial<Situation> = {}): Situation {
  return {
    retriesDone: 0,
    otherReady: 0,
    trialDue: false,
    othersTried: 0,
    refreshable: false,
    newerGeneration: false,
    nextRoute: false,
    repair: undefined,
    poisoned: false,
    remainingMs: 600_000,
    waitableMs: 599_000,
    benchedMs: 0,
    retryBudgetLeft: true,
    committed: false,
    chance: 0.5,
    ...given,
  }
}
