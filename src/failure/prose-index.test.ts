import { describe, expect, it } from 'vitest'
import { indexProse, rowsSpokenOf } from './prose-index.ts'
import type { Rule } from './rule.ts'

function rowsOf(...patterns: readonly RegExp[]): readonly Rule[] {
  return patterns.map((text, row) => ({ text, is: 'timeout', seen: `x/${row}` }))
}

function index(...patterns: readonly RegExp[]) {
  return indexProse(rowsOf(...patterns), [...patterns.keys()])
}

const EVERY = Number.POSITIVE_INFINITY

describe('a word is looked for by its rarest three characters', () => {
  it.each([
    [/in the jazz band/, 'azz'],
    [/quota of it/, 'quo'],
    [/the tea box/, 'box'],
    // Of equals the first.
    [/abcabc/, 'abc'],
    // What is no English letter is rarer than any.
    [/zzz余额不足/, '余额不'],
    [/zzz000/, '000'],
  ])('%s by %s', (pattern, characters) => {
    const { buckets } = index(pattern)
    const needed = buckets.flat().map(({ word, offset }) => word.slice(offset, offset + 3))
    expect(needed.at(-1)).toBe(characters)
  })
})

describe('where rows stand', () => {
  it('under each of their words, those without any always', () => {
    const { buckets, always } = index(/jazz|blues/, /./, /jazz band/)
    expect(buckets.flat().map(({ word, row }) => [word, row])).toEqual([
      ['jazz', 0],
      ['jazz band', 2],
      ['blues', 0],
    ])
    expect(always).toEqual([1])
  })

  it('only as far as they were asked for', () => {
    const rules = rowsOf(/jazz/, /blues/)
    expect(indexProse(rules, [1]).buckets.flat()).toEqual([expect.objectContaining({ word: 'blues', row: 1 })])
    expect(indexProse(rules, []).buckets).toEqual([])
  })
})

describe('rows spoken of', () => {
  it.each([
    ['jazz', [0]],
    ['jazz and more', [0]],
    ['more jazz', [0]],
    ['blues, jazz, blues and jazz', [0, 1]],
    ['jaz', []],
    ['ja', []],
    ['', []],
    ['azzj', []],
    ['blue jays', []],
  ])('%j: %j', (text, rows) => {
    expect(rowsSpokenOf(index(/jazz/, /blues/), text, EVERY)).toEqual(rows)
  })

  it('are those of the whole word, where only its rarest characters stand or others have their hash', () => {
    const found = index(/the abc/)
    expect(rowsSpokenOf(found, 'the abc', EVERY)).toEqual([0])
    const twin = String.fromCharCode('c'.charCodeAt(0) + (1 << 14))
    expect(rowsSpokenOf(found, 'an abc', EVERY)).toEqual([])
    expect(rowsSpokenOf(found, `the ab${twin}`, EVERY)).toEqual([])
    const both = index(/the abc/, new RegExp(`the ab${twin}`))
    expect(rowsSpokenOf(both, `the ab${twin}`, EVERY)).toEqual([1])
    expect(rowsSpokenOf(both, 'the abc', EVERY)).toEqual([0])
  })

  it('end before the row that is found already', () => {
    const found = index(/jazz/, /./, /jazz band/, /./)
    expect(rowsSpokenOf(found, 'jazz band', EVERY)).toEqual([0, 1, 2, 3])
    expect(rowsSpokenOf(found, 'jazz band', 2)).toEqual([0, 1])
    expect(rowsSpokenOf(found, 'jazz band', 1)).toEqual([0])
    expect(rowsSpokenOf(found, 'jazz band', 0)).toEqual([])
  })
})
