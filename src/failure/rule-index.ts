import { type Held, holds, isLastResort } from './holds.ts'
import { indexProse, type ProseIndex, rowsSpokenOf } from './prose-index.ts'
import type { OneOrMore, Rule } from './rule.ts'

type Rows = ReadonlyMap<string, readonly number[]>

/**
 * A table as it is looked up: rows with a word of their own are found by it and need not be walked over. Every row stands in exactly one place,
 * under a condition that it cannot do without, and keeps its position: the first row of the table wins, whatever it was found by.
 */
export interface RuleIndex {
  readonly rules: readonly Rule[]
  readonly byCode: Rows
  readonly byType: Rows
  readonly byParam: Rows
  readonly byThrown: Rows
  /** Patterns of codes and types. */
  readonly patterns: readonly number[]
  /** Headers and windows. */
  readonly headers: readonly number[]
  /** Where the first row of prose stands: what is found before it needs no look at the text. */
  readonly firstProse: number
  readonly prose: ProseIndex
  readonly lastResort: readonly Rule[]
}

const INDEXES = new WeakMap<readonly Rule[], RuleIndex>()

/** The index of a table, made once for each table. */
export function indexOf(rules: readonly Rule[]): RuleIndex {
  let index = INDEXES.get(rules)
  if (index === undefined) {
    index = build(rules)
    INDEXES.set(rules, index)
  }
  return index
}

/** The first row of the table that speaks of this layer, bare statuses and shapes left out. */
export function firstSpoken(index: RuleIndex, held: Held): Rule | undefined {
  const { layer } = held
  let best = firstNamed(index, index.byCode, layer.codes, held, Number.POSITIVE_INFINITY)
  best = firstNamed(index, index.byType, layer.types, held, best)
  best = firstNamed(index, index.byParam, layer.params, held, best)
  best = firstNamed(index, index.byThrown, layer.thrown, held, best)
  best = firstOf(index, index.patterns, held, best)
  best = firstOf(index, index.headers, held, best)
  if (index.firstProse < best) best = firstOf(index, rowsSpokenOf(index.prose, layer.text, best), held, best)
  return index.rules[best]
}

function firstNamed(index: RuleIndex, rows: Rows, words: readonly string[], held: Held, before: number): number {
  let best = before
  for (const word of words) {
    const named = rows.get(word)
    if (named !== undefined) best = firstOf(index, named, held, best)
  }
  return best
}

function firstOf({ rules }: RuleIndex, rows: readonly number[], held: Held, before: number): number {
  for (const row of rows) {
    if (row >= before) return before
    const rule = rules[row]
    if (rule !== undefined && holds(rule, held)) return row
  }
  return before
}

function build(rules: readonly Rule[]): RuleIndex {
  const byCode = new Map<string, number[]>()
  const byType = new Map<string, number[]>()
  const byParam = new Map<string, number[]>()
  const byThrown = new Map<string, number[]>()
  const patterns: number[] = []
  const headers: number[] = []
  const prose: number[] = []
  for (const [row, rule] of rules.entries()) {
    if (isWords(rule.code)) add(byCode, rule.code, row)
    else if (isWords(rule.type)) add(byType, rule.type, row)
    else if (rule.param !== undefined) add(byParam, rule.param, row)
    else if (rule.thrown !== undefined) add(byThrown, rule.thrown, row)
    else if (rule.code !== undefined || rule.type !== undefined) patterns.push(row)
    else if (rule.header !== undefined || rule.window !== undefined) headers.push(row)
    else if (rule.text !== undefined) prose.push(row)
  }
  return {
    rules,
    byCode,
    byType,
    byParam,
    byThrown,
    patterns,
    headers,
    firstProse: prose[0] ?? Number.POSITIVE_INFINITY,
    prose: indexProse(rules, prose),
    lastResort: rules.filter(isLastResort),
  }
}

function isWords(condition: Rule['code']): condition is OneOrMore<string> {
  return condition !== undefined && !(condition instanceof RegExp)
}

function add(rows: Map<string, number[]>, words: OneOrMore<string>, row: number): void {
  for (const word of typeof words === 'string' ? [words] : new Set(words)) {
    const named = rows.get(word)
    if (named === undefined) rows.set(word, [row])
    else named.push(row)
  }
}
