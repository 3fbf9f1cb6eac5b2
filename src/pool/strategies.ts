import type { Credential } from './credential.ts'

/** What a strategy may look at. Pure: the same input gives the same credential. */
export interface StrategyInput {
  /** Never empty; ordered by priority, then age. Only credentials that may be lent now. */
  readonly ready: readonly Credential[]
  /** The provider's turn, shared by all processes; only `round_robin` reads it. */
  readonly turn: number
  /** Uniform in [0, 1). */
  readonly chance: number
  /** Uses of this process that the store has not counted yet. */
  readonly usesNotCounted: (credentialId: string) => { readonly count: number; readonly lastUsedAtMs: number }
}

export interface Strategy {
  /** One line for `--help` and the docs. */
  readonly meaning: string
  /** The turn moves in the store, one tiny write for a call; only strategies that read it pay. */
  readonly takesTurns: boolean
  pick(input: StrategyInput): Credential | undefined
}

/** Every way of choosing among ready credentials. Configuration, CLI and docs validate against this table. */
export const STRATEGIES = {
  fill_first: {
    meaning: 'the first ready credential in priority order; the next one only when it is benched',
    takesTurns: false,
    pick: ({ ready }) => ready[0],
  },
  round_robin: {
    meaning: 'each ready credential in turn, counted across all processes',
    takesTurns: true,
    pick: ({ ready, turn }) => ready[turn % ready.length],
  },
  random: {
    meaning: 'any ready credential, evenly',
    takesTurns: false,
    pick: ({ ready, chance }) => ready[Math.floor(chance * ready.length)],
  },
  least_used: {
    meaning: 'the credential with the fewest calls; among equals the one idle longest',
    takesTurns: false,
    pick: leastUsed,
  },
} as const satisfies Record<string, Strategy>

export type StrategyName = keyof typeof STRATEGIES

export const STRATEGY_NAMES = Object.keys(STRATEGIES) as readonly StrategyName[]

/** @default for every provider that does not name one. */
export const DEFAULT_STRATEGY: StrategyName = 'fill_first'

/** Counts what the store has not counted yet: a counter read from the store alone let one key take every call (14631, 46501). */
function leastUsed({ ready, usesNotCounted }: StrategyInput): Credential | undefined {
  let best: Credential | undefined
  let bestCount = Number.POSITIVE_INFINITY
  let bestLastUsed = Number.POSITIVE_INFINITY
  for (const credential of ready) {
    const pending = usesNotCounted(credential.id)
    const count = credential.useCount + pending.count
    const lastUsed = Math.max(credential.lastUsedAtMs, pending.lastUsedAtMs)
    if (count < bestCount || (count === bestCount && lastUsed < bestLastUsed)) {
      best = credential
      bestCount = count
      bestLastUsed = lastUsed
    }
  }
  return best
}
