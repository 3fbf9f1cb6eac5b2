import { describe, expect, it } from 'vitest'
import { readFixture, RULE_TABLES } from '../../test/support/rule-tables.ts'
import { classify } from './classify.ts'
import type { Evidence } from './evidence.ts'
import { holds, isLastResort } from './holds.ts'
import { readLayers } from './layers.ts'
import { rowsSpokenOf } from './prose-index.ts'
import { requiredWords } from './required-words.ts'
import type { Rule } from './rule.ts'
import { firstSpoken, indexOf } from './rule-index.ts'

const EVERY_ROW = Object.values(RULE_TABLES).flat()
const EVIDENCES = EVERY_ROW.map(({ seen }): Evidence => ({ ...readFixture(seen).evidence, seenAtMs: 0 }))

/** A pattern that counts how often it is asked. */
class CountedPattern extends RegExp {
  asked = 0
  override exec(text: string): RegExpExecArray | null {
    this.asked += 1
    return super.exec(text)
  }
}

function counted(): { readonly rules: readonly Rule[]; readonly asked: () => number } {
  const patterns: CountedPattern[] = []
  const rules = EVERY_ROW.map((rule) => {
    if (rule.text === undefined) return rule
    const text = new CountedPattern(rule.text.source, rule.text.flags)
    patterns.push(text)
    return { ...rule, text }
  })
  return { rules, asked: () => patterns.reduce((sum, pattern) => sum + pattern.asked, 0) }
}

function http(message: string, code = 'odd_code'): Evidence {
  const body = JSON.stringify({ error: { message, code } })
  return { channel: 'http', provider: 'any', api: 'responses', status: 418, headers: {}, body, seenAtMs: 0 }
}

describe('the first row of a table wins, whatever it is found by', () => {
  it.each(Object.keys(RULE_TABLES).concat('all tables joined', 'all tables reversed'))('%s', (table) => {
    const joined = table === 'all tables reversed' ? [...EVERY_ROW].reverse() : EVERY_ROW
    const rules = RULE_TABLES[table] ?? joined
    const index = indexOf(rules)
    for (const evidence of EVIDENCES)
      for (const layer of readLayers(evidence)) {
        const held = { evidence, layer, headers: evidence.headers }
        expect(firstSpoken(index, held)?.seen).toBe(
          rules.find((rule) => !isLastResort(rule) && holds(rule, held))?.seen,
        )
      }
  })

  it('is made once for a table', () => {
    expect(indexOf(EVERY_ROW)).toBe(indexOf(EVERY_ROW))
    expect(indexOf([...EVERY_ROW])).not.toBe(indexOf(EVERY_ROW))
  })
})

describe('a sentence that no row knows asks no pattern', () => {
  // Rows that hold any sentence under a status or code: of them no word can be asked for.
  const wordless = EVERY_ROW.filter(({ text }) => text !== undefined && requiredWords(text) === undefined).length

  it.each([100, 1_000, 10_000, 64_000])('of %i characters', (characters) => {
    const { rules, asked } = counted()
    classify(http('xyzzy '.repeat(characters / 6)), rules)
    expect(asked()).toBeLessThanOrEqual(wordless)
  })

  it('and a code that an early row knows does not ask any either', () => {
    const early: Rule = { code: 'early', is: 'billing', seen: 'x/early' }
    const late = new CountedPattern('rate limit')
    const text: Rule = { text: late, is: 'rate_limit', seen: 'x/late' }
    expect(classify(http('rate limit', 'early'), [early, text]).rule).toBe('x/early')
    expect(late.asked).toBe(0)
    expect(classify(http('rate limit', 'early'), [text, early]).rule).toBe('x/late')
    expect(late.asked).toBe(1)
  })
})

describe('hostile prose stays bounded for every row', () => {
  const LONGEST_PROSE = 8_001

  it.each(EVERY_ROW.flatMap(({ seen, text }) => (text === undefined ? [] : [[seen, text] as const])))(
    '%s',
    (_seen, text) => {
      for (const word of requiredWords(text) ?? ['a']) {
        const evidence = http(`${word} `.repeat(64_000 / (word.length + 1)))
        for (const layer of readLayers(evidence)) expect(layer.text.length).toBeLessThanOrEqual(LONGEST_PROSE)
      }
      // Two endless repetitions side by side, or one within another, are what makes a pattern slow.
      const bare = text.source.replace(/\[(?:\\.|[^\]])*\]/g, 'C').replace(/\\[dDwWsS]/g, 'C')
      expect(bare).not.toMatch(/\.(?:[*+]|\{\d+,\})|\)[*+][.C]|C[*+]C[*+]|[*+]\)[*+{]/)
    },
  )

  it('asks each row at most once for each layer', () => {
    const everyWord = EVERY_ROW.flatMap(({ text }) => (text === undefined ? [] : (requiredWords(text) ?? []))).join(
      ' ; ',
    )
    const evidence = http(everyWord.repeat(4))
    const { rules, asked } = counted()
    classify(evidence, rules)
    expect(asked()).toBeLessThanOrEqual(rules.length * readLayers(evidence).length)
  })

  it('names each row once, in the order of the table, up to the one already found', () => {
    const rules: readonly Rule[] = [/beta/, /./, /alpha|alphas/, /gamma/].map((text, at) => ({
      text,
      is: 'timeout',
      seen: `x/${at}`,
    }))
    const { prose } = indexOf(rules)
    expect(rowsSpokenOf(prose, 'alpha gamma alphas beta', 9)).toEqual([0, 1, 2, 3])
    expect(rowsSpokenOf(prose, 'alpha gamma alphas beta', 2)).toEqual([0, 1])
    expect(rowsSpokenOf(prose, 'gamma', 9)).toEqual([1, 3])
    expect(rowsSpokenOf(prose, 'al', 9)).toEqual([1])
  })
})

it('every row stands in one place, under what it cannot do without and is found by soonest', () => {
  const conditions: ReadonlyArray<Partial<Rule>> = [
    { code: ['one', 'two', 'one'], type: 'beside' },
    { code: 'two' },
    { type: 'beside', param: 'field', code: /^o/ },
    { param: 'field', thrown: 'Thrown', text: /words/ },
    { thrown: 'thrown', header: { name: 'x', is: true } },
    { code: /^o/, text: /words/ },
    { type: /^b/ },
    { header: { name: 'x', is: true }, text: /words/ },
    { window: 'model-full' },
    { text: /words/, status: 418 },
    { status: 418 },
  ]
  const rules = conditions.map((condition, row): Rule => ({ is: 'timeout', seen: `x/${row}`, ...condition }))
  const { prose, lastResort, ...index } = indexOf(rules)
  expect(index).toEqual({
    rules,
    byCode: new Map([
      ['one', [0]],
      ['two', [0, 1]],
    ]),
    byType: new Map([['beside', [2]]]),
    byParam: new Map([['field', [3]]]),
    byThrown: new Map([['thrown', [4]]]),
    patterns: [5, 6],
    headers: [7, 8],
    firstProse: 9,
  })
  expect(rowsSpokenOf(prose, 'words', rules.length)).toEqual([9])
  expect(lastResort).toEqual([rules[10]])
  expect(indexOf([]).firstProse).toBe(Number.POSITIVE_INFINITY)
})
