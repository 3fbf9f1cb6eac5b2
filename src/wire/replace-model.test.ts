import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { replaceModel } from './replace-model.ts'

describe('another model in a request body', () => {
  it.each([
    ['{"model":"a","input":"x"}', '{"model":"b","input":"x"}'],
    ['{ "limit" : 18446744073709551615, "model"\n:\t"a" }', '{ "limit" : 18446744073709551615, "model"\n:\t"b" }'],
    ['{"x":1.0,"x":2e400,"\\u006dodel":"a"}', '{"x":1.0,"x":2e400,"\\u006dodel":"b"}'],
    ['{"model":"a","tools":[{"model":"a"}],"model":"c"}', '{"model":"b","tools":[{"model":"a"}],"model":"b"}'],
    ['{"say":"\\\\\\"model\\":\\\\","model":"a\\""}', '{"say":"\\\\\\"model\\":\\\\","model":"b"}'],
    ['{"key":"model","model":"a"}', '{"key":"model","model":"b"}'],
    ['{"input":[]}', '{"input":[]}'],
  ])('%s', (text, expected) => {
    expect(replaceModel(text, 'b')).toBe(expected)
  })

  it('is what parsing and writing would give, for any body and spacing', () => {
    const body = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true })
    fc.assert(
      fc.property(body, fc.string(), fc.string(), fc.constantFrom(0, 1, '\t'), (rest, before, after, space) => {
        const written = JSON.stringify({ ...rest, model: before }, undefined, space)
        expect(replaceModel(written, after)).toBe(JSON.stringify({ ...rest, model: after }, undefined, space))
      }),
    )
  })

  it('takes time in proportion to the body, whatever its strings hold', () => {
    const text = JSON.stringify({ input: '\\"'.repeat(400_000), model: 'a' })
    expect(replaceModel(text, 'b')).toBe(text.replace('"model":"a"', '"model":"b"'))
  })
})
