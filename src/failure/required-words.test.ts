import { describe, expect, it } from 'vitest'
import { readFixture, RULE_TABLES } from '../../test/support/rule-tables.ts'
import { readLayers } from './layers.ts'
import { requiredWords } from './required-words.ts'

describe('words that a pattern cannot do without', () => {
  it.each([
    [/slow down/, ['slow down']],
    [/slow down|too fast/, ['slow down', 'too fast']],
    [/invalid (?:api|secret) key/, ['invalid ']],
    [/(?:limit|quota) of the plan/, [' of the plan']],
    [/an? (?:overdue|unpaid) bill/, ['overdue', 'unpaid']],
    [/(?:abc)?defgh/, ['defgh']],
    [/(?:abcdefgh)*xyz/, ['xyz']],
    [/(?:abcdefgh){0,3}xyz/, ['xyz']],
    [/(?:abcdefgh){2}xyz/, ['abcdefgh']],
    [/(?:abcdefgh){2,}?xyz/, ['abcdefgh']],
    [/(?:abcdefgh)+xyz/, ['abcdefgh']],
    [/abcd*efg/, ['abc']],
    [/abcd+efgh/, ['abcd']],
    [/abcd?efg/, ['abc']],
    [/abc{2}defg/, ['defg']],
    [/model [^.]{0,20}missing/, ['missing']],
    [/wait[\]a]for it/, ['for it']],
    [/\bquota\b/, ['quota']],
    [/^finish_reason: x$/, ['finish_reason: x']],
    [/error \d+ of server/, [' of server']],
    [/stop.reading/, ['reading']],
    [/1\.5 tokens\?/, ['1.5 tokens?']],
    [/err_(?!timed_out)\w+/, ['err_']],
    [/(?<!gateway )timeout/, ['timeout']],
    [/(?<=gateway )down/, ['down']],
    [/(?=gateway)down/, ['down']],
    [/(quota) is/, ['quota']],
    [/Slow Down/i, ['slow down']],
    [/余额不足/, ['余额不足']],
    [/abcde|xyz (?:one|three)/, ['abcde', 'xyz ']],
    [/abc (?:one|three)/, ['abc ']],
    [/abc(?:def|ghi)/, ['abc']],
    [/(?:def|ghi)abc/, ['abc']],
  ])('%s', (pattern, words) => {
    expect(requiredWords(pattern)).toEqual(words)
  })

  it.each([
    /./,
    /ab/,
    /\d{3}/,
    /abcdef|\d/,
    /(?<name>abcdef)/,
    /abcdef\u0041/,
    /(abc)def\1/,
    /(?:abcdef)?/,
    /\x41bcdef/,
  ])('knows nothing of %s', (pattern) => {
    expect(requiredWords(pattern)).toBeUndefined()
  })

  it('never keeps a row from a text that it matches', () => {
    const texts = Object.values(RULE_TABLES).flatMap((rules) =>
      rules.flatMap(({ seen }) =>
        readLayers({ ...readFixture(seen).evidence, seenAtMs: 0 }).map((layer) => layer.text),
      ),
    )
    let matches = 0
    for (const { text: pattern, seen } of Object.values(RULE_TABLES).flat()) {
      const words = pattern === undefined ? undefined : requiredWords(pattern)
      for (const text of texts)
        if (words !== undefined && pattern?.test(text) === true) {
          matches += 1
          expect(
            words.some((word) => text.includes(word)),
            `${seen} in ${text}`,
          ).toBe(true)
        }
    }
    expect(matches).toBeGreaterThan(500)
  })
})
