import { requiredWords } from './required-words.ts'
import type { Rule } from './rule.ts'

/** A word that one row needs, and where in it the three characters stand by which it is found. */
interface Needed {
  readonly word: string
  readonly offset: number
  readonly row: number
}

/** Rows of prose by the words that they need: one walk over a text finds the few rows that can hold, however many there are. */
export interface ProseIndex {
  /** By the hash of three characters; 0 is nobody, everything else is a bucket plus 1. */
  readonly heads: Uint16Array
  readonly buckets: ReadonlyArray<readonly Needed[]>
  /** Rows of whose pattern nothing is known: always tried. */
  readonly always: readonly number[]
}

const HASH_SIZE = 1 << 14

/** @param rows positions of the rows in their table, ascending */
export function indexProse(rules: readonly Rule[], rows: readonly number[]): ProseIndex {
  const heads = new Uint16Array(HASH_SIZE)
  const buckets: Needed[][] = []
  const always: number[] = []
  for (const row of rows) {
    const text = rules[row]?.text
    const words = text === undefined ? undefined : requiredWords(text)
    if (words === undefined) always.push(row)
    else
      for (const word of words) {
        const offset = rarest(word)
        const hash = hashAt(word, offset)
        if (heads[hash] === 0) heads[hash] = buckets.push([])
        buckets[(heads[hash] ?? 0) - 1]?.push({ word, offset, row })
      }
  }
  return { heads, buckets, always }
}

/** Rows whose needed words stand in the text, in the order of the table; those at `before` and behind do not matter. */
export function rowsSpokenOf({ heads, buckets, always }: ProseIndex, text: string, before: number): readonly number[] {
  const rows: number[] = []
  for (const row of always) if (row < before) rows.push(row)
  let first = text.charCodeAt(0)
  let second = text.charCodeAt(1)
  for (let index = 2; index < text.length; index += 1) {
    const third = text.charCodeAt(index)
    const bucket = heads[(first * 961 + second * 31 + third) & (HASH_SIZE - 1)] ?? 0
    if (bucket !== 0)
      for (const { word, offset, row } of buckets[bucket - 1] ?? [])
        if (row < before && text.startsWith(word, index - 2 - offset) && !rows.includes(row)) rows.push(row)
    first = second
    second = third
  }
  return rows.length < 2 ? rows : rows.sort((left, right) => left - right)
}

function hashAt(word: string, offset: number): number {
  const [first, second, third] = [word.charCodeAt(offset), word.charCodeAt(offset + 1), word.charCodeAt(offset + 2)]
  return (first * 961 + second * 31 + third) & (HASH_SIZE - 1)
}

/** English letters by how often they stand in a sentence. */
const FREQUENT = ' etaoinsrhldcumfpgwybvkxjqz'

function rarest(word: string): number {
  let best = 0
  let bestWeight = -1
  for (let offset = 0; offset + 3 <= word.length; offset += 1) {
    let weight = 0
    for (const character of word.slice(offset, offset + 3)) {
      const rank = FREQUENT.indexOf(character)
      weight += rank === -1 ? FREQUENT.length : rank
    }
    if (weight > bestWeight) [best, bestWeight] = [offset, weight]
  }
  return best
}
