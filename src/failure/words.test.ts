import { expect, it } from 'vitest'
import { ownRules, readFixture, RULE_TABLES } from '../../test/support/rule-tables.ts'
import { classify } from './classify.ts'
import type { Evidence } from './evidence.ts'
import { holds } from './holds.ts'
import { readLayers } from './layers.ts'
import type { Rule } from './rule.ts'

const SEEN_AT_MS = Date.UTC(2026, 2, 1)
const CONDITIONS = ['code', 'type', 'param', 'thrown'] as const

/** Where the bare word of a mark such as `finish:safety` stands in a body. */
const MARKS: Readonly<Record<string, (value: string) => unknown>> = {
  finish: (value) => ({ choices: [{ finish_reason: value }] }),
  stop: (value) => ({ stop_reason: value }),
  incomplete: (value) => ({ incomplete_details: { reason: value } }),
  blocked: (value) => ({ promptFeedback: { blockReason: value } }),
}

/** The label that each word of a row leads to, when this row is reached and would not be without the word. */
function verdictsByWord(table: string, rule: Rule): ReadonlyArray<readonly [string, string]> {
  return CONDITIONS.flatMap((condition) => {
    const words = wordsOf(rule[condition])
    return words.map((word) => {
      const without = { ...rule, [condition]: words.filter((each) => each !== word) }
      const reached = sayings(rule, condition, words, word)
        .filter(
          (evidence) =>
            !readLayers(evidence).some((layer) => holds(without, { evidence, layer, headers: evidence.headers })),
        )
        .map((evidence) => classify(evidence, ownRules(table)))
        .find((failure) => failure.rule === rule.seen)
      return [`${condition} ${word}`, reached === undefined ? 'not reached' : reached.label] as const
    })
  })
}

/** The fixture of the row with the word by which it is reached replaced by this one, and this word in a bare body or exception. */
function sayings(rule: Rule, condition: string, words: readonly string[], word: string): readonly Evidence[] {
  const { body: _body, error: _error, ...around } = readFixture(rule.seen).evidence
  const recorded = JSON.stringify(readFixture(rule.seen).evidence)
  const replaced = words.map(
    (present) =>
      JSON.parse(recorded.replace(standing(present), (_whole, before: string) => `${before}${word}`)) as Evidence,
  )
  const bare =
    condition === 'thrown'
      ? { error: { name: word, message: '' } }
      : { body: JSON.stringify(bareBody(condition, word)) }
  return [...replaced, { ...around, ...bare }].map((evidence) => ({ ...evidence, seenAtMs: SEEN_AT_MS }))
}

function bareBody(condition: string, word: string): unknown {
  const [mark = '', value = ''] = word.split(':')
  if (word === 'response.cancelled') return { status: 'cancelled' }
  return MARKS[mark]?.(value) ?? { error: { [condition]: word } }
}

function wordsOf(condition: Rule['code']): readonly string[] {
  if (condition === undefined || condition instanceof RegExp) return []
  return typeof condition === 'string' ? [condition] : (condition as readonly string[])
}

/** A word as it stands in JSON, or in JSON within a string: never a part of a longer one. */
function standing(word: string): RegExp {
  return new RegExp(`(^|[^\\w-])${escaped(word)}(?![\\w-])`, 'gi')
}

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** A word that is taken out of a list, or that another row takes over, shows in the snapshot: the labels are stated there and not by the table. */
it.each(Object.entries(RULE_TABLES))('every word of the rows of %s reaches its row and its label', (table, rules) => {
  const verdicts = rules.map((rule) => [rule.seen, Object.fromEntries(verdictsByWord(table, rule))] as const)
  const told = Object.fromEntries(verdicts.filter(([, words]) => Object.keys(words).length > 0))
  expect(told).toMatchSnapshot()
  const silent = Object.entries(told).flatMap(([seen, words]) =>
    Object.entries(words).flatMap(([word, label]) => (label === 'not reached' ? [`${seen}: ${word}`] : [])),
  )
  expect(silent).toEqual([])
})
