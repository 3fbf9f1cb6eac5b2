import { STRATEGY_NAMES } from '../../src/pool/strategies.ts'
import type { PolicyRow } from './contestant.ts'
import { ourPolicy } from './our-policy.ts'
import { rivalPolicy } from './rival-policy.ts'
import { RIVALS } from './rivals.ts'

/** Our strategies in the table; one that the pool does not have (yet) is left out. */
const OURS: Readonly<Record<string, string>> = {
  fill_first: 'This project with its defaults.',
  quota_aware: 'This project with the strategy that reads the announced windows.',
}

/** Every row of the table. */
export const POLICIES: readonly PolicyRow[] = [
  ...Object.entries(OURS)
    .filter(([strategy]) => STRATEGY_NAMES.includes(strategy as (typeof STRATEGY_NAMES)[number]))
    .map(([strategy, meaning]) => ourPolicy(strategy, meaning)),
  ...RIVALS.map(rivalPolicy),
]
