import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scanRequest } from './scan-request.ts'

const facts = (value: Record<string, unknown>) => ({
  ...(typeof value['model'] === 'string' ? { model: value['model'] } : {}),
  stream: value['stream'] === true,
})
const scan = (text: string) => scanRequest(Buffer.from(text))

describe('scanRequest', () => {
  it('sees what a parser sees, in every object', () => {
    const field = fc.record(
      {
        model: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
        stream: fc.oneof(fc.boolean(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), field, fc.constantFrom(0, 1), (rest, own, indent) => {
        const text = JSON.stringify({ ...rest, ...own, more: rest }, undefined, indent)
        // JSON.stringify writes half a surrogate pair as an escape; what remains is UTF-8.
        expect(scan(text)).toEqual(facts(JSON.parse(text) as Record<string, unknown>))
      }),
    )
  })

  it('accepts nothing that a parser refuses', () => {
    const good = '{"model":"a\\u00e9","stream":true,"n":[1,-2.5e+3,0,{"a":null,"b":[]}],"t":"\\"\\n"}'
    const edit = fc.tuple(
      fc.nat(good.length),
      fc.nat(3),
      fc.constantFrom('', ',', '"', '}', ']', '\\', '0', '-', 'e', '\n', '{'),
    )
    fc.assert(
      fc.property(edit, ([at, cut, put]) => {
        const text = good.slice(0, at) + put + good.slice(at + cut)
        const seen = scan(text)
        if (seen !== undefined) expect(seen).toEqual(facts(JSON.parse(text) as Record<string, unknown>))
      }),
      { numRuns: 2_000 },
    )
  })

  it.each(['', ' ', '[]', '1', '{"a":1}x', '{"a":01}', '{"a":1.}', '{"a":+1}', '{a:1}', '{"a":"\u0001"}', '{"a":1,}'])(
    'leaves %j to the parser',
    (text) => expect(scan(text)).toBeUndefined(),
  )

  it('takes the last of two names, also when they are escaped', () => {
    expect(scan('{"model":"one","m\\u006fdel":"two","stream":true,"stream":false}')).toEqual({
      model: 'two',
      stream: false,
    })
  })
})
