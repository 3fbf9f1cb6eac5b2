import type { Rule } from './rule.ts'
import { CODE_RULES } from './rules-codes.ts'
import { PROSE_RULES } from './rules-prose.ts'
import { STATUS_RULES } from './rules-status.ts'

/** Rows that are true for every provider: the last resort after a provider's own. Exact words first, then prose, then bare statuses. */
export const COMMON_RULES: readonly Rule[] = [...CODE_RULES, ...PROSE_RULES, ...STATUS_RULES]
