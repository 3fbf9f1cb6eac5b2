import { describe, expect, it } from 'vitest'
import { observeException } from './observe-exception.ts'
import { LONGEST_BODY_CHARACTERS, observeHttp } from './observe-http.ts'
import { observeSoft } from './observe-soft.ts'

const BASE = { provider: 'x', api: 'responses', seenAtMs: 7 } as const

describe('an HTTP answer', () => {
  const http = { ...BASE, status: 429, headers: {} }

  it('keeps what it is given, and names no body and no model that are not there', () => {
    expect(observeHttp({ ...http, body: 'b', model: 'm' })).toEqual({ ...http, channel: 'http', body: 'b', model: 'm' })
    expect(Object.keys(observeHttp({ ...http, body: '' })).sort()).toEqual([
      'api',
      'channel',
      'headers',
      'provider',
      'seenAtMs',
      'status',
    ])
  })

  it('is read no further than 64 KiB', () => {
    expect(observeHttp({ ...http, body: 'x'.repeat(70_000) }).body).toBe('x'.repeat(LONGEST_BODY_CHARACTERS))
    const encoded = btoa(`{${'x'.repeat(70_000)}`)
    expect(observeHttp({ ...http, headers: { 'x-error-json': encoded }, body: '' }).body).toHaveLength(
      LONGEST_BODY_CHARACTERS,
    )
  })

  it.each([
    ['{"error":1}', 'Unauthorized', '{"error":1}'],
    ['{"error":1}', '{"error":2}', '{"error":2}'],
    ['words', 'Unauthorized', 'Unauthorized'],
    ['x{"error":1}', 'Unauthorized', 'Unauthorized'],
  ])('x-error-json %s beside %s', (header, body, expected) => {
    expect(observeHttp({ ...http, headers: { 'x-error-json': btoa(header) }, body }).body).toBe(expected)
  })

  it('survives an x-error-json that is no base64', () => {
    expect(observeHttp({ ...http, headers: { 'x-error-json': '%%%' }, body: 'b' }).body).toBe('b')
  })
})

describe('a failure inside a 200', () => {
  const answer = { ...BASE, status: 200, headers: {}, hadOutput: true }

  it('takes what was found', () => {
    const error = { name: 'E', message: 'm' }
    expect(observeSoft({ channel: 'event', body: 'b', eventName: 'error', error }, { ...answer, model: 'm' })).toEqual({
      ...answer,
      model: 'm',
      channel: 'event',
      body: 'b',
      eventName: 'error',
      error,
    })
    expect(Object.keys(observeSoft({ channel: 'end' }, answer)).sort()).toEqual([
      'api',
      'channel',
      'hadOutput',
      'headers',
      'provider',
      'seenAtMs',
      'status',
    ])
    expect(observeSoft({ channel: 'body', body: 'x'.repeat(70_000) }, answer).body).toHaveLength(
      LONGEST_BODY_CHARACTERS,
    )
  })
})

describe('an exception', () => {
  const seen = (error: unknown) => observeException({ ...BASE, error }).error

  it('keeps where it came from', () => {
    expect(observeException({ ...BASE, model: 'm', hadOutput: false, error: { name: 'E', message: 'm' } })).toEqual({
      ...BASE,
      channel: 'exception',
      headers: {},
      model: 'm',
      hadOutput: false,
      error: { name: 'E', message: 'm' },
    })
    expect(Object.keys(observeException({ ...BASE, error: null })).sort()).toEqual([
      'api',
      'channel',
      'error',
      'headers',
      'provider',
      'seenAtMs',
    ])
  })

  it.each<readonly [unknown, unknown]>([
    ['words', { name: 'Error', message: 'words' }],
    [undefined, { name: 'Error', message: 'undefined' }],
    [{}, { name: 'Error', message: '' }],
    [
      { name: 7, message: 7 },
      { name: 'Error', message: '' },
    ],
    [
      { name: 'E', code: 'C', message: 'm' },
      { name: 'E', code: 'C', message: 'm' },
    ],
    [{ status: 429 }, { name: 'Error', code: 429, message: '' }],
    [{ statusCode: 503 }, { name: 'Error', code: 503, message: '' }],
    [{ errno: -104 }, { name: 'Error', code: -104, message: '' }],
    [
      { code: null, status: 429 },
      { name: 'Error', code: 429, message: '' },
    ],
    [{ code: {} }, { name: 'Error', message: '' }],
    [{ cause: { message: 'in' } }, { name: 'Error', message: '', cause: { name: 'Error', message: 'in' } }],
    [{ cause: null }, { name: 'Error', message: '' }],
    [
      { errors: [{ code: 'A' }, { code: 'B' }] },
      { name: 'Error', message: '', cause: { name: 'Error', code: 'A', message: '' } },
    ],
    [{ errors: {} }, { name: 'Error', message: '' }],
    [{ errors: [] }, { name: 'Error', message: '' }],
  ])('%j', (error, expected) => {
    expect(seen(error)).toEqual(expected)
  })

  it('is bounded in length, in depth, and by rings', () => {
    expect(seen('x'.repeat(9000))?.message).toHaveLength(8192)
    expect(seen({ message: 'x'.repeat(9000) })?.message).toHaveLength(8192)
    const ring: { message: string; cause?: unknown } = { message: 'ring' }
    ring.cause = ring
    expect(seen(ring)).toEqual({ name: 'Error', message: 'ring' })
    let deep: unknown = { message: '0' }
    for (let depth = 1; depth < 20; depth += 1) deep = { message: String(depth), cause: deep }
    let chain = seen(deep)
    let length = 0
    for (; chain !== undefined; chain = chain.cause) length += 1
    expect(length).toBe(8)
  })
})
