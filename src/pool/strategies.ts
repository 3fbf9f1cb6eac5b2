import type { Credential } from './credential.ts'
import type { Uses } from './store-contract.ts'

/** What a strategy may look at. Pure: the same input gives the same credential. */
export interface StrategyInput {
  /** Never empty; ordered by priority, then age. Only credentials that may be lent now. */
  readonly ready: readonly Credential[]
  /** The provider's turn, shared by all processes; only `round_robin` reads it. */
  readonly turn: number
  /** Uniform in [0, 1). */
  readonly chance: number
  /** Uses of all processes, the newest of this one included. */
  readonly usesOf: (credentialId: string) => Uses
  /** Percent left of the tightest lasting window, 0 to 100; undefined = nothing is known. */
  readonly leftPercentOf: (credentialId: string) => number | undefined
  /** The credential that was lent last for this provider, ready or not. */
  readonly current: string | undefined
  /** Percent; `quota_aware` leaves the current credential below it. */
  readonly avoidBelow: number
}

export interface Strategy {
  /** One line for `--help` and the docs. */
  readonly meaning: string
  /** The turn moves in the store, one tiny write for a call; only strategies that read it pay. */
  readonly takesTurns: boolean
  /** It looks at counters or windows, which other processes write too. */
  readonly readsReadings: boolean
  pick(input: StrategyInput): Credential | undefined
}

/** Every way of choosing among ready credentials. Configuration, CLI and docs validate against this table. */
export const STRATEGIES = {
  fill_first: {
    meaning: 'the first ready credential in priority order; the next one only when it is benched',
    takesTurns: false,
    readsReadings: false,
    pick: ({ ready }) => ready[0],
  },
  round_robin: {
    meaning: 'each ready credential in turn, counted across all processes',
    takesTurns: true,
    readsReadings: false,
    pick: ({ ready, turn }) => ready[turn % ready.length],
  },
  random: {
    meaning: 'any ready credential, evenly',
    takesTurns: false,
    readsReadings: false,
    pick: ({ ready, chance }) => ready[Math.floor(chance * ready.length)],
  },
  least_used: {
    meaning: 'the credential with the fewest calls; among equals the one idle longest',
    takesTurns: false,
    readsReadings: true,
    pick: leastUsed,
  },
  quota_aware: {
    meaning:
      'stays on one credential while its tightest window has avoidBelow percent left, then moves to the one with most left',
    takesTurns: false,
    readsReadings: true,
    pick: quotaAware,
  },
} as const satisfies Record<string, Strategy>

export type StrategyName = keyof typeof STRATEGIES

export const STRATEGY_NAMES = Object.keys(STRATEGIES) as readonly StrategyName[]

/** @default for every provider that does not name one. */
export const DEFAULT_STRATEGY: StrategyName = 'fill_first'

/** @default for `avoidBelow`, percent */
export const DEFAULT_AVOID_BELOW = 20

/** When nobody has enough left, a move must gain this much: two accounts at 15 % would else swap at every call, a lost prompt cache each. */
const WORTH_MOVING_PERCENT = 10

/** Nothing is known of a credential that was never used: it counts as full, so that it is found out. */
const UNKNOWN_LEFT_PERCENT = 100

/** Counts what the store has not counted yet: a counter read from the store alone let one key take every call (14631, 46501). */
function leastUsed({ ready, usesOf }: StrategyInput): Credential | undefined {
  let best: Credential | undefined
  let bestUses: Uses | undefined
  for (const credential of ready) {
    const uses = usesOf(credential.id)
    if (bestUses !== undefined && !usedLess(uses, bestUses)) continue
    best = credential
    bestUses = uses
  }
  return best
}

function quotaAware(input: StrategyInput): Credential | undefined {
  const { ready, usesOf, avoidBelow } = input
  const left = (credential: Credential) => input.leftPercentOf(credential.id) ?? UNKNOWN_LEFT_PERCENT
  const current = ready.find((each) => each.id === input.current)
  const currentLeft = current === undefined ? undefined : left(current)
  if (currentLeft !== undefined && currentLeft >= avoidBelow) return current
  let best: Credential | undefined
  let bestLeft = Number.NEGATIVE_INFINITY
  for (const credential of ready) {
    const each = left(credential)
    const tied = each === bestLeft && best !== undefined && usedLess(usesOf(credential.id), usesOf(best.id))
    if (each <= bestLeft && !tied) continue
    best = credential
    bestLeft = each
  }
  if (currentLeft === undefined || bestLeft >= avoidBelow) return best
  return bestLeft - currentLeft >= WORTH_MOVING_PERCENT ? best : current
}

function usedLess(one: Uses, other: Uses): boolean {
  return one.count < other.count || (one.count === other.count && one.lastUsedAtMs < other.lastUsedAtMs)
}
