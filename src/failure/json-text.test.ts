import { describe, expect, it } from 'vitest'
import { asRecord, findJson } from './json-text.ts'

describe('JSON in a text', () => {
  it.each<readonly [string, unknown, string]>([
    ['{"a":1}', { a: 1 }, ''],
    [' \n{"a":1}\n ', { a: 1 }, ''],
    ['[{"a":1}]', [{ a: 1 }], ''],
    ['"{\\"a\\":1}"', { a: 1 }, ''],
    ['429 {"a":1}', { a: 1 }, '429 '],
    ['429 {"a":{"b":[1,2]}} and more', { a: { b: [1, 2] } }, '429 '],
    ['see [{"a":"}"}] here', [{ a: '}' }], 'see '],
    ['x {"a":"\\"}"} y', { a: '"}' }, 'x '],
    ["Error code: 400 - {'a': None, 'b': True, 'c': False}", { a: null, b: true, c: false }, 'Error code: 400 - '],
    [`x {'a': "it's"}`, { a: "it's" }, 'x '],
    [`x {'a': 'it\\'s'}`, { a: "it's" }, 'x '],
    [`x {'a': 'say "hi"'}`, { a: 'say "hi"' }, 'x '],
    [`x {'a': 'back\\\\slash'}`, { a: 'back\\slash' }, 'x '],
    [`x {'a': '\\xe9'}`, { a: 'é' }, 'x '],
    [`x {'a': 'two\nlines'}`, { a: 'two\nlines' }, 'x '],
    [`x {'a': {'b': [1, 2]}, 'c': '}'}`, { a: { b: [1, 2] }, c: '}' }, 'x '],
    [`don't {'a': 1}`, { a: 1 }, "don't "],
    [`x { 'a': 'None' , 'Nonesuch': 1}`, { a: 'None', Nonesuch: 1 }, 'x '],
    [`{'a': 1}`, { a: 1 }, ''],
    // A contraction is no quotation mark.
    [`x {"a": 1, 'b': "we're {here"}`, { a: 1, b: "we're {here" }, 'x '],
  ])('%j', (text, value, before) => {
    expect(findJson(text)).toEqual({ value, before })
  })

  it.each(['', 'words', '7', '"words"', 'null', '{', '[[', '{"a":1', "{'a': unheard}", 'a } b', '{}', '(1) [2]'])(
    'none in %j',
    (text) => {
      expect([undefined, { value: {}, before: '' }]).toContainEqual(findJson(text))
    },
  )

  it('a plain object is a record, and nothing else is', () => {
    expect(asRecord({ a: 1 })).toEqual({ a: 1 })
    for (const value of [null, undefined, [], [1], 'a', 1, true]) expect(asRecord(value)).toBeUndefined()
  })
})
