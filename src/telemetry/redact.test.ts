import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Redactor } from './redact.ts'

const MASK = '[redacted]'

/** What a stored secret may look like: keys, tokens, passwords with quotes, slashes, spaces and letters from elsewhere. */
const known = fc
  .oneof(
    fc.stringMatching(/^[A-Za-z0-9+/=_.~!"'()*\\ -]{12,60}$/),
    fc.stringMatching(/^[A-Za-zäöß漢字😀%&/"-]{12,40}$/u),
    fc.uuid(),
  )
  .filter((text) => text.trim() === text && new Set(text).size > 3 && !MASK.includes(text))

/** Text between which a secret stands; none of it may look like a part of the secret's own encoding. */
const around = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('', ' ', '"', '=', '\n', '{"a":"', 'Bearer '))

const ENCODINGS: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  'in JSON': (secret) => JSON.stringify({ error: { message: `bad key ${secret}.` } }),
  'in JSON inside JSON': (secret) => JSON.stringify({ message: JSON.stringify({ key: secret }) }),
  'in PHP JSON': (secret) => JSON.stringify(secret).replaceAll('/', '\\/'),
  'URL-encoded': (secret) => `https://x.example/v1?other=1&k=${encodeURIComponent(secret)}#end`,
  'URL-encoded in lower case': (secret) =>
    encodeURIComponent(secret).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  'form-encoded': (secret) => new URLSearchParams({ q: secret, after: '1' }).toString(),
  'URL-encoded twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  base64: (secret) => Buffer.from(secret).toString('base64'),
  base64url: (secret) => Buffer.from(secret).toString('base64url'),
  'base64 of user and secret': (secret) => `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`,
  'base64 inside something longer': (secret) => Buffer.from(`{"k":"${secret}","z":1}`).toString('base64'),
  'base64 inside something longer, one on': (secret) => Buffer.from(`{"ke":"${secret}","z":1}`).toString('base64url'),
  hexadecimal: (secret) => Buffer.from(secret).toString('hex'),
}

/** Whether text still tells a run of the secret, read in each way that it could have been written. */
function tells(text: string, secret: string): boolean {
  const readings = [text, text.replaceAll('\\/', '/'), text.replaceAll('+', ' ')]
  for (const reading of [...readings])
    readings.push(unescaped(reading), unescaped(unescaped(reading)), unquoted(reading))
  readings.push(...readings.map(unquoted))
  for (const word of text.match(/[A-Za-z0-9+/_-]{8,}/g) ?? [])
    for (const skip of [0, 1, 2, 3]) readings.push(Buffer.from(word.slice(skip), 'base64').toString())
  for (const word of text.match(/[0-9a-f]{16,}/gi) ?? []) readings.push(Buffer.from(word, 'hex').toString())
  return readings.some((reading) => reading.includes(secret))
}

function unescaped(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (codes) => {
    try {
      return decodeURIComponent(codes)
    } catch {
      return codes
    }
  })
}

function unquoted(text: string): string {
  return text.replace(/\\(["\\/])/g, '$1')
}

describe('I12 no known secret appears in anything that is written', () => {
  it.each(Object.entries(ENCODINGS))('%s', (_name, encode) => {
    fc.assert(
      fc.property(known, around, around, (secret, before, after) => {
        const redactor = new Redactor([secret])
        expect(tells(redactor.text(before + encode(secret) + after), secret)).toBe(false)
        const data = redactor.data({ [encode(secret)]: [encode(secret), { deep: before + encode(secret) + after }] })
        expect(tells(JSON.stringify(data), secret)).toBe(false)
      }),
    )
  })

  it('the check above would see a secret that was left', () => {
    fc.assert(
      fc.property(known, fc.constantFrom(...Object.values(ENCODINGS)), (secret, encode) => {
        expect(tells(encode(secret), secret)).toBe(true)
      }),
    )
  })

  it('one secret inside another does not save the rest of it', () => {
    const redactor = new Redactor(['abcdefgh', 'abcdefgh-and-the-rest'])
    expect(redactor.text('x abcdefgh-and-the-rest y abcdefgh z')).toBe(`x ${MASK} y ${MASK} z`)
  })

  it('several at once, and one that became known later', () => {
    const redactor = new Redactor(['first secret'])
    expect(redactor.text('first secret, second secret')).toBe(`${MASK}, second secret`)
    redactor.add('second secret')
    redactor.add('second secret')
    expect(redactor.text('first secret, second secret')).toBe(`${MASK}, ${MASK}`)
  })

  it('one that is too short to tell from words is not masked everywhere', () => {
    expect(new Redactor(['the']).text('the other')).toBe('the other')
  })
})

const alphanumeric = (least: number, most: number) =>
  fc.stringMatching(new RegExp(`^[A-Za-z0-9]{${least},${most}}$`)).filter((text) => text.length >= least)
const tokenText = fc.stringMatching(/^[A-Za-z0-9_-]{24,64}$/)

/** Shapes of secrets that nobody told us: the secret, and the text that it stands in. */
const SHAPES: Readonly<Record<string, fc.Arbitrary<readonly [secret: string, text: string]>>> = {
  'sk- key': tokenText.map((body) => [body, `Incorrect API key provided: sk-${body}. See the docs.`]),
  'sk-ant- key': tokenText.map((body) => [body, `{"key_hint":"sk-ant-api03-${body}"}`]),
  'key behind an escaped line break': alphanumeric(20, 40).map((body) => [body, `{"m":"bad\\nsk-${body}"}`]),
  'key behind a URL escape': alphanumeric(20, 40).map((body) => [body, `q=%20sk-${body}`]),
  'Google key': alphanumeric(30, 36).map((body) => [body, `key AIza${body} is invalid`]),
  'GitHub token': alphanumeric(30, 40).map((body) => [body, `ghp_${body}`]),
  JWT: fc
    .tuple(alphanumeric(12, 40), alphanumeric(12, 40), alphanumeric(12, 40))
    .map(([head, body, signature]) => [body, `token eyJ${head}.eyJ${body}.${signature} expired`]),
  'encrypted JWT': alphanumeric(12, 40).map((body) => [body, `eyJhbGciOiJkaXIi..${body}.${body}.${body}`]),
  'bearer token': alphanumeric(12, 60).map((body) => [body, `Authorization: Bearer ${body}`]),
  'bearer token in JSON inside JSON': alphanumeric(12, 60).map((body) => [
    body,
    JSON.stringify(JSON.stringify({ authorization: `Bearer ${body}` })),
  ]),
  'authorization without a scheme': alphanumeric(12, 60).map((body) => [body, `authorization: ${body}\r\naccept: */*`]),
  'x-api-key header': alphanumeric(12, 60).map((body) => [body, `accept: */*\r\nx-api-key: ${body}\r\n`]),
  'x-goog-api-key in JSON': alphanumeric(12, 60).map((body) => [body, JSON.stringify({ 'x-goog-api-key': body })]),
  'key in a query': alphanumeric(12, 60).map((body) => [body, `GET https://x.example/v1beta?key=${body}&alt=sse`]),
  'token in a query': alphanumeric(12, 60).map((body) => [body, `https://x.example/cb?a=1&access_token=${body}`]),
  'login code in a query': alphanumeric(20, 60).map((body) => [body, `https://localhost/cb?code=${body}&state=x`]),
  'password in a URL': alphanumeric(6, 40).map((body) => [body, `postgres://me:${body}@db.example/x`]),
  cookie: alphanumeric(12, 40).map((body) => [body, `Cookie: theme=dark; __Secure-session=${body}; lang=en`]),
  'set-cookie in JSON': alphanumeric(12, 40).map((body) => [
    body,
    JSON.stringify({ 'set-cookie': `sid=${body}; Path=/` }),
  ]),
  'refresh token in JSON inside JSON': alphanumeric(12, 60).map((body) => [
    body,
    JSON.stringify({ message: JSON.stringify({ error: 'x', refresh_token: body }) }),
  ]),
  'password with spaces': fc
    .stringMatching(/^[a-z]{4,9}( [a-z]{4,9}){2,4}$/)
    .map((body) => [body.slice(body.lastIndexOf(' ')), JSON.stringify({ password: body })]),
  'private key': alphanumeric(40, 90).map((body) => [
    body,
    JSON.stringify(`-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`),
  ]),
}

describe('I12 nor does an unknown one of a known shape', () => {
  it.each(Object.entries(SHAPES))('%s', (_name, shape) => {
    fc.assert(
      fc.property(shape, ([secret, text]) => {
        fc.pre(!'[redacted]'.includes(secret))
        const redactor = new Redactor()
        expect(redactor.text(text)).not.toContain(secret)
        expect(redactor.text(text)).toContain(MASK)
        expect(JSON.stringify(redactor.data([{ text }]))).not.toContain(secret)
      }),
    )
  })

  it.each([
    ['Incorrect key sk-proj-abcdef1234567890abcdef.', `Incorrect key ${MASK}.`],
    ['bad eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.', `bad ${MASK}.`],
    ['Authorization: Bearer abcdefgh12345', `Authorization: Bearer ${MASK}`],
    ['https://x/v1?key=abcdef123456&b=1', `https://x/v1?key=${MASK}&b=1`],
    ['postgres://user:hunter22@host/db', `postgres://user:${MASK}@host/db`],
    ['{"access_token":"abc123def456"}', `{"access_token":"${MASK}"}`],
    ['{"set-cookie":"a=1; b=2","x":1}', `{"set-cookie":"${MASK}","x":1}`],
  ])('keeps what is around it: %s', (text, clean) => {
    expect(new Redactor().text(text)).toBe(clean)
    // Masking what is masked changes nothing.
    expect(new Redactor().text(clean)).toBe(clean)
  })

  it.each([
    'usage_limit_reached for gpt-5.5: 3 tokens left; key rotation; call_abc123',
    'Rate limit reached for gpt-5.1 in organization org-AAA on tokens per min (TPM): Limit 30000, Used 22999',
    'max_output_tokens=4096 cached_tokens: 128000 total_tokens: 1280000',
    'https://api.example/v1/chat/completions?beta=true&model=claude-sonnet-5',
    '{"code":"insufficient_quota","type":"insufficient_quota"}',
    'https://x.example/?code=insufficient',
    'rule openai-codex/event-usage-limit, resp_0123456789abcdef, 2026-11-24T03:00:00.000Z',
    'risk-free task-force desk-1234 ask-12345678',
  ])('leaves ordinary words alone: %s', (text) => {
    expect(new Redactor().text(text)).toBe(text)
  })

  it('is not slow on text made to be slow', () => {
    // Quadratic work on it would outlast the test's time limit by far.
    const hard = [
      'sk-',
      'token',
      'eyJ',
      'secret="',
      'Bearer ',
      '?key=',
      '-----BEGIN ',
      '://',
      'cookie:',
      '\\',
      '-a',
      ' ',
    ]
    for (const piece of hard) expect(new Redactor().text(piece.repeat(200_000 / piece.length))).toBeTypeOf('string')
  })
})

describe('data', () => {
  const redactor = new Redactor(['planted-secret-123'])

  it('keeps plain values as they are', () => {
    const value = { a: 1, b: [true, null, 'x', { c: -0.5 }], d: undefined, time: new Date(0) }
    expect(redactor.data(value)).toEqual({ ...value, time: '1970-01-01T00:00:00.000Z' })
    expect([null, undefined, 5, 'x'].map((each) => redactor.data(each))).toEqual([null, undefined, 5, 'x'])
  })

  it.each([
    'authorization',
    'Authorization',
    'proxy-authorization',
    'x-api-key',
    'X-Goog-Api-Key',
    'apiKey',
    'openaiApiKey',
    'api_key',
    'cookie',
    'Set-Cookie',
    'access_token',
    'refreshToken',
    'token',
    'client_secret',
    'password',
    'code_verifier',
    'privateKey',
  ])('masks whatever stands in %s', (field) => {
    expect(redactor.data({ [field]: 'short' })).toEqual({ [field]: MASK })
    expect(redactor.data({ [field]: { nested: ['short'] } })).toEqual({ [field]: MASK })
    expect(redactor.data([[field, 'short']])).toEqual([[field, MASK]])
    expect(redactor.data(new Map([[field, 'short']]))).toEqual({ [field]: MASK })
  })

  it.each(['credential', 'credentialId', 'max_tokens', 'inputTokens', 'tokenGeneration', 'key', 'label', 'secretary'])(
    'leaves %s',
    (field) => {
      expect(redactor.data({ [field]: 'work' })).toEqual({ [field]: 'work' })
    },
  )

  it('tells nothing about an empty secret field but that it is empty', () => {
    const value = { token: null, password: '', hasToken: true }
    expect(redactor.data(value)).toEqual(value)
  })

  it('reads errors with their causes, and maps, sets, headers and URLs', () => {
    const error = Object.assign(new Error('no planted-secret-123', { cause: new TypeError('planted-secret-123') }), {
      code: 'ECONNREFUSED',
    })
    expect(redactor.data(error)).toEqual({
      name: 'Error',
      message: `no ${MASK}`,
      code: 'ECONNREFUSED',
      cause: { name: 'TypeError', message: MASK },
    })
    expect(redactor.data(new Set(['planted-secret-123']))).toEqual([MASK])
    expect(redactor.data(new Headers({ cookie: 'a=1', accept: '*/*' }))).toEqual({ accept: '*/*', cookie: MASK })
    expect(redactor.data(new URL('https://x.example/?token=abcdefgh'))).toBe(`https://x.example/?token=${MASK}`)
  })

  it('does not spell out bytes', () => {
    expect(redactor.data({ body: Buffer.from('planted-secret-123') })).toEqual({ body: '[18 bytes]' })
  })

  it('ends on rings, on depth and on getters that throw', () => {
    const ring: Record<string, unknown> = { name: 'x' }
    ring['self'] = ring
    ring['many'] = Array.from({ length: 50 }, () => ring)
    expect(JSON.stringify(redactor.data(ring))).toContain('"self":"[ring]"')

    let deep: unknown = 'planted-secret-123'
    for (let level = 0; level < 10_000; level += 1) deep = { deep }
    expect(JSON.stringify(redactor.data(deep))).toMatch(/^(?:\{"deep":){5,}"\[deep\]"\}+$/)

    const hostile = {
      get value(): string {
        throw new Error('no')
      },
    }
    expect(redactor.data({ hostile })).toEqual({ hostile: '[unreadable]' })
  })

  it('an entry named __proto__ is an entry', () => {
    const value = JSON.parse('{"__proto__":{"x":"planted-secret-123"}}') as unknown
    expect(JSON.stringify(redactor.data(value))).toBe(`{"__proto__":{"x":"${MASK}"}}`)
  })

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
        }),
        (value) => {
          expect(() => JSON.stringify(redactor.data(value))).not.toThrow()
        },
      ),
    )
  })
})
