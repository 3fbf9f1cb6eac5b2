import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readKeyText } from './key-text.ts'

const badly = 'gave spaces or characters that no key has'

describe('a key in a text', () => {
  it.each([
    ['sk-one', 'as it is'],
    ['\uFEFF  sk-one\r\n\n', 'without white space around it, nor the mark that editors put first'],
    [' \uFEFFsk-one', 'without that mark after a space'],
    ['!~', 'of any printable characters'],
  ])('%j is read %s', (text) => {
    expect(readKeyText(text)).toEqual({ token: text.replaceAll(/[^!-~]/g, '') })
  })

  it.each([
    ['', 'gave nothing'],
    ['\uFEFF \n', 'gave nothing'],
    ['one\ntwo', 'gave 2 lines where one key was expected'],
    ['one\ntwo\nthree\n', 'gave 3 lines where one key was expected'],
    ['one two', badly],
    ['one\ttwo', badly],
    ['one\u007F', badly],
    ['schl\u00FCssel', badly],
    ['on\uFEFFe', badly],
  ])('%j is none: it %s', (text, problem) => {
    expect(readKeyText(text)).toEqual({ problem })
  })

  it('is never quoted by what is said about it (property)', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), fc.string({ minLength: 4 }), (left, right) => {
        const answer = readKeyText(`planted${left} \n${right}`)
        if ('problem' in answer) expect(answer.problem).not.toContain('planted')
      }),
    )
  })
})
