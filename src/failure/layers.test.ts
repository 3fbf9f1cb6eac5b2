import { describe, expect, it } from 'vitest'
import { innermost, layers, thrown } from '../../test/support/layers.ts'
import type { Evidence } from './evidence.ts'
import type { Layer } from './layers.ts'

describe('objects', () => {
  it.each<readonly [unknown, Partial<Layer>]>([
    [
      { error: { code: 'A_Code', type: 'A_Type', param: 'A_Param', message: 'Some  Words’' } },
      {
        codes: ['a_code'],
        types: ['a_type'],
        params: ['a_param'],
        text: "some words'",
        message: 'Some  Words’',
        shape: 'json',
      },
    ],
    [{ error: { code: 429, message: 'x' } }, { codes: ['429'], statuses: [429] }],
    [{ error: { code: '503', message: 'x' } }, { codes: ['503'], statuses: [503] }],
    [{ error: { code: 4.5, status: 600, status_code: 399, message: 'x' } }, { codes: [], statuses: [] }],
    [{ error: { status_code: 400, message: 'x' } }, { statuses: [400] }],
    [{ error: { statusCode: 599, message: 'x' } }, { statuses: [599] }],
    [{ error: { raw_status_code: 502, http_code: '504', message: 'x' } }, { statuses: [502, 504] }],
    [{ error: { code: '', type: 'x'.repeat(201), message: 'x' } }, { codes: [], types: [] }],
    [{ error: { type: 'x'.repeat(200), message: 'x' } }, { types: ['x'.repeat(200)] }],
    [{ error: 'plain_code' }, { codes: ['plain_code'], message: '' }],
    [{ error: 'plain words' }, { codes: [], message: 'plain words' }],
    [{ detail: 'plain_code' }, { codes: [], message: 'plain_code' }],
    [
      { error_code: 'E', errorCode: 'F', error_type: 'G', reason: 'H', __type: 'I', Code: 'J' },
      { codes: ['e', 'f', 'g', 'h', 'i', 'j'] },
    ],
    [{ status: 'S', error_name: 'N', limit_source: 'L', errorType: 'T' }, { types: ['s', 'n', 'l', 't'] }],
    [
      {
        msg: 'a',
        errorMessage: 'b',
        error_message: 'c',
        error_description: 'd',
        status_msg: 'e',
        title: 'f',
        error_msg: 'g',
        Message: 'h',
      },
      { message: 'a b c d e f g h' },
    ],
    [{ base_resp: { status_code: 1008, status_msg: 'no money' } }, { codes: ['1008'], message: 'no money' }],
    [
      { error: { details: [{ reason: 'API_KEY_INVALID' }, { violations: [{ quotaId: 'PerDay' }, null] }, 'x'] } },
      { codes: ['api_key_invalid', 'perday'] },
    ],
    [{ error: { details: { error_code: 'Deep' }, message: 'x' } }, { codes: ['deep'] }],
    [{ error: { message: 'HTTP 402: pay' } }, { statuses: [402] }],
    [{ errors: [{ code: 'first' }, { code: 'second' }] }, { codes: ['first'] }],
    [{ choices: [{ finish_reason: 'Error' }] }, { types: ['finish:error'] }],
    [{ candidates: [{ finishReason: 'SAFETY' }] }, { types: ['finish:safety'] }],
    [{ promptFeedback: { blockReason: 'OTHER' } }, { types: ['blocked:other'] }],
    [{ response: { incomplete_details: { reason: 'content_filter' } } }, { types: ['incomplete:content_filter'] }],
    [{ status: 'cancelled' }, { types: ['cancelled', 'response.cancelled'] }],
    [{ delta: { stop_reason: 'Refusal' } }, { types: ['stop:refusal'] }],
    [{ stop_reason: 'Refusal' }, { types: ['stop:refusal'] }],
    [{ message: { stop_reason: 'refusal' } }, { types: ['stop:refusal'] }],
    [[{ error: { code: 'in_an_array' } }], { codes: ['in_an_array'] }],
    [{ throttlingException: { message: 'slow' } }, { codes: ['throttlingexception'], message: 'slow' }],
    [{ Response: { Error: { Code: 'Capital' } } }, { codes: ['capital'] }],
    [{ error: { innererror: { code: 'inner' }, code: 'outer' } }, { codes: ['inner'] }],
    [{ error: { metadata: { error_type: 'E', limit_source: 'L' } } }, { codes: ['e'], types: ['l'] }],
  ])('%j', (body, expected) => {
    expect(innermost(body)).toMatchObject(expected)
  })

  it('say nothing when there is nothing in them', () => {
    for (const body of [{}, { a: 1 }, { error: null }, { error: {} }, { error: [] }, { error: [7] }])
      expect(layers(body)).toEqual([expect.objectContaining({ shape: 'empty', codes: [], text: '' })])
  })

  it('keep their own object, the innermost first', () => {
    const error = { code: 'inner' }
    expect(layers({ code: 'outer', error }).map(({ object }) => object)).toEqual([error, { code: 'outer', error }])
  })

  it('are read ten deep', () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? { code: 'deepest' } : { code: 'x', error: nested(depth - 1) }
    expect(innermost(nested(9))?.codes).toEqual(['deepest'])
    expect(innermost(nested(10))?.codes).toEqual(['x'])
  })
})

describe('an upstream of an aggregator', () => {
  const wrapped = (metadata: Record<string, unknown>) =>
    layers({
      error: {
        code: 401,
        message: 'Provider returned error',
        metadata: { raw: '{"error":{"code":"inner"}}', ...metadata },
      },
    })

  it("is foreign unless the caller's own key was used", () => {
    expect(wrapped({ provider_name: 'P' }).map(({ foreign }) => foreign)).toEqual([true, false])
    expect(wrapped({ provider_name: 'P', is_byok: false })[0]?.foreign).toBe(true)
    expect(wrapped({ provider_name: 'P', is_byok: true })[0]?.foreign).toBe(false)
    expect(wrapped({ provider_name: null })[0]?.foreign).toBe(false)
    expect(wrapped({ provider_name: 'P' })[0]?.codes).toEqual(['inner'])
  })

  it('stays foreign however deep, in JSON, in text and on a page', () => {
    for (const raw of ['{"error":{"message":"{\\"error\\":{\\"code\\":\\"x\\"}}"}}', 'words', '<html>x</html>'])
      expect(wrapped({ provider_name: 'P', raw })[0]?.foreign, raw).toBe(true)
  })
})

describe('messages', () => {
  it('that hold the JSON of an error are opened', () => {
    expect(innermost({ error: { message: '429 {"error":{"code":"inner"}}' } })?.codes).toEqual(['inner'])
    expect(innermost({ error: { message: '{"message":"inner"}' } })?.message).toBe('inner')
  })

  it.each(['{"role":"user","content":"x","error":"planted"}', '{"question":"planted"}', '{"foo":{"code":"planted"}}'])(
    'that quote %s are not',
    (quoted) => {
      for (const { codes } of layers({ error: { message: `bad: ${quoted}` } })) expect(codes).not.toContain('planted')
    },
  )

  it.each(['{"role": "x"}', "[{'content': 'x'}]", '{ "input": "x"}', '{"messages": []}', '["text"]', '{"type": 1}'])(
    'end before the quoted request %s',
    (quoted) => {
      expect(layers({ error: { message: `Bad words ${quoted} rate limit` } }).at(-1)?.text).toMatch(/^bad words( \[)?$/)
    },
  )

  it.each([
    ["Invalid value: 'you've hit it'. Use another.", 'invalid value: . use another.'],
    ['Bad; input_value="rate limit", input_type=str', 'bad; , input_type=str'],
    ['Unexpected value = `x y` here', 'here'],
    ['No. Got: rate limit', 'no.'],
    ['No. Received: rate limit\nand more', 'no.'],
    ['Failed. Tool result: rate limit', 'failed.'],
    ['I got status: 429 rate limit', 'i got status: 429 rate limit'],
  ])('let go of what they echo: %s', (message, text) => {
    expect(layers({ error: { message } })[0]?.text).toBe(text.replace('invalid value: ', '').replace(/^\. /, '. '))
  })

  it('are held against rows by their beginning and their end', () => {
    const long = `start ${'x'.repeat(9000)} end`
    const [layer] = layers({ error: { message: long } })
    expect(layer?.text).toHaveLength(8001)
    expect(layer?.text.startsWith('start xx')).toBe(true)
    expect(layer?.text.endsWith('xx end')).toBe(true)
    const fits = 'y'.repeat(8000)
    expect(layers({ error: { message: fits } })[0]?.text).toBe(fits)
  })
})

describe('text', () => {
  it.each<readonly [string, readonly number[]]>([
    ['HTTP 402: x', [402]],
    ['API Error: 401 x', [401]],
    ['Error code: 429 - x', [429]],
    ['429 Too Many Requests', [429]],
    ['  503 gone', [503]],
    ['openai.APIError: 500 x', [500]],
    ['OAuth 403 refused', [403]],
    ['failed with status code 502', [502]],
    ['it said error (429): x', [429]],
    ['unexpected status 401 Unauthorized', [401]],
    ['last status: 429 Too Many', [429]],
    ['fetching x: [503 Service Unavailable] x', [503]],
    ['429 status code (no body)', [429]],
    ['500ms', []],
    ['500 ms later', []],
    ['500 tokens', []],
    ['413 MB', []],
    ['200 OK', []],
    ['600 dogs', []],
    ['within 500 metres', []],
    ['4290 x', []],
  ])('%s names %j', (text, statuses) => {
    expect(layers(text)[0]?.statuses).toEqual(statuses)
  })

  it('of one word is a code, and of several is not', () => {
    expect(layers('Some_Code')[0]?.codes).toEqual(['some_code'])
    expect(layers(' token.expired-now ')[0]?.codes).toEqual(['token.expired-now'])
    for (const text of ['word', 'two words', 'some_code!', '_x']) expect(layers(text)[0]?.codes).toEqual([])
  })

  it('around JSON is a layer of its own, outside it', () => {
    expect(layers('Error code: 400 - {"error":{"code":"c"}}').map(({ shape, text }) => [shape, text])).toEqual([
      ['json', ''],
      ['text', 'error code: 400 -'],
    ])
    expect(layers('{"error":{"code":"c"}}')).toHaveLength(1)
  })

  it('that only tells of a missing body is none', () => {
    expect(layers('400 status code (no body)')[0]).toMatchObject({
      shape: 'empty',
      text: '',
      message: '400 status code (no body)',
    })
    expect(layers('Error: 400 status code (no body)')[0]?.shape).toBe('empty')
    expect(layers('x 400 status code (no body)')[0]?.shape).toBe('text')
    expect(layers('400 status code (no body) x')[0]?.shape).toBe('text')
  })

  it('of nothing at all is empty', () => {
    for (const body of [undefined, '', ' \n'])
      expect(layers(body)).toEqual([
        expect.objectContaining({ shape: 'empty', statuses: [], thrown: [], foreign: false }),
      ])
  })
})

describe('pages', () => {
  it.each([
    '<!doctype html><p>x',
    '<HTML><p>x',
    ' <head><p>x',
    '<body>x',
    '<?xml version="1.0"?>\n<!doctype html><p>x',
  ])('%s', (body) => {
    expect(layers(body)).toEqual([expect.objectContaining({ shape: 'html', message: 'x' })])
  })

  it('speak by their title, else by what can be read', () => {
    expect(layers('<html><title> A title </title><p>b</p></html>')[0]?.message).toBe('A title')
    expect(layers('<html><title> </title><style>p { a }</style><p>b</p>\n<p>c</p></html>')[0]?.message).toBe('b c')
    expect(layers('<html>Rate  LIMIT</html>')[0]?.text).toBe('<html>rate limit</html>')
  })

  it.each(['x <html>', '<p>html</p>', '<xml>'])('%s is none', (body) => {
    expect(layers(body)[0]?.shape).toBe('text')
  })
})

describe('exceptions', () => {
  it('give names and codes along the chain, and dotted names twice', () => {
    const [layer] = thrown({
      name: 'requests.exceptions.ReadTimeout',
      message: 'a',
      cause: { name: '_Inner', code: 'ECODE', message: 'b', cause: { name: 'x._Last', code: 429, message: 'c' } },
    })
    expect(layer).toMatchObject({
      thrown: ['requests.exceptions.readtimeout', 'readtimeout', '_inner', 'inner', 'ecode', 'x._last', 'last'],
      statuses: [429],
      message: 'a | b | c',
      text: 'a | b | c',
      shape: 'text',
    })
  })

  it('give an empty code no word and a number outside 400 to 599 no status', () => {
    expect(thrown({ name: 'E', code: '', message: 'x' })[0]?.thrown).toEqual(['e'])
    expect(thrown({ name: 'E', code: 200, message: 'x' })[0]?.statuses).toEqual([])
    expect(thrown({ name: 'E', code: 399, message: '402 x' })[0]?.statuses).toEqual([402])
  })

  it('are followed eight deep', () => {
    const chain = (depth: number): NonNullable<Evidence['error']> =>
      depth === 0 ? { name: 'last', message: '' } : { name: 'e', message: '', cause: chain(depth - 1) }
    expect(thrown(chain(7))[0]?.thrown).toContain('last')
    expect(thrown(chain(8))[0]?.thrown).not.toContain('last')
  })

  it('named by AWS are codes', () => {
    expect(thrown({ name: 'ThrottlingException', message: 'x' })[0]?.codes).toEqual(['throttlingexception'])
    expect(thrown({ name: 'SomeError', message: 'one_code' })[0]?.codes).toEqual(['one_code'])
  })

  it.each([
    [
      'litellm.RateLimitError: RateLimitError: OpenAIException - words',
      ['litellm.ratelimiterror', 'ratelimiterror', 'ratelimiterror', 'openaiexception'],
    ],
    ['litellm.Timeout: x', ['litellm.timeout', 'timeout']],
    ['Some words: RateLimitError: x', []],
    ['RateLimitError without a colon', []],
  ])('%s', (message, names) => {
    expect(thrown({ name: 'E', message })[0]?.thrown).toEqual(['e', ...names])
    expect(layers({ error: { message } })[0]?.thrown).toEqual(names)
  })

  it("hold the provider's body, and the details that Google's SDKs print behind a sentence", () => {
    expect(thrown({ name: 'E', message: '429 {"error":{"code":"inner"}}' })[0]?.codes).toEqual(['inner'])
    expect(
      thrown({ name: 'E', message: 'x [{"@type":"QuotaFailure","violations":[{"quotaId":"PerDay"}]}]' })[0]?.codes,
    ).toEqual(['perday'])
  })
})
