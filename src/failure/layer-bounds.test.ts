import { describe, expect, it } from 'vitest'
import { innermost, layers, thrown } from '../../test/support/layers.ts'

describe('each kind of layer says all it knows and nothing else', () => {
  const nothing = { codes: [], types: [], params: [], statuses: [], text: '', message: '', thrown: [], foreign: false }

  it.each<readonly [string, Record<string, unknown>]>([
    ['{"error":{"code":"c"}}', { codes: ['c'], shape: 'json', object: { code: 'c' } }],
    ['two words', { text: 'two words', message: 'two words', shape: 'text' }],
    ['<html>two words', { text: '<html>two words', message: 'two words', shape: 'html' }],
    ['', { shape: 'empty' }],
    // A list without an object.
    ['[1, 2]', { shape: 'empty' }],
  ])('%s', (body, said) => {
    expect(layers(body)).toEqual([{ ...nothing, ...said }])
  })

  it.each([
    [
      { code: 'c', param: 'p' },
      { codes: ['c'], params: ['p'] },
    ],
    [
      { type: 't', http_code: 400 },
      { types: ['t'], statuses: [400] },
    ],
    [{ param: 'p' }, { params: ['p'] }],
  ])('%j needs no sentence', (error, said) => {
    expect(layers({ error })[0]).toMatchObject(said)
  })
})

describe('however it is nested, ten layers deep and no deeper', () => {
  const DEEPEST = { code: 'deepest' }
  const nested = (times: number, wrap: (inner: unknown) => unknown): unknown =>
    times === 0 ? DEEPEST : wrap(nested(times - 1, wrap))

  it.each<readonly [string, number, (inner: unknown) => unknown]>([
    ['objects', 9, (error) => ({ error })],
    ['lists', 9, (error) => ({ errors: [error] })],
    ['exceptions of a stream', 9, (inner) => ({ fooException: inner })],
    ['JSON in messages', 9, (inner) => ({ message: JSON.stringify(inner) })],
    ['raw bodies of upstreams, which cost two', 4, (inner) => ({ metadata: { raw: JSON.stringify(inner) } })],
  ])('%s', (_name, times, wrap) => {
    const codes = (depth: number) => layers(nested(depth, wrap)).flatMap((layer) => layer.codes)
    expect(codes(times)).toContain('deepest')
    expect(codes(times + 1)).not.toContain('deepest')
  })

  it('a raw body at the bottom is text', () => {
    const bottom = innermost(nested(5, (inner) => ({ metadata: { raw: JSON.stringify(inner) } })))
    expect(bottom).toMatchObject({ shape: 'text', text: '{"code":"deepest"}' })
  })

  it.each<readonly [string, (before: number) => unknown]>([
    ['details', (before) => ({ details: [...Array.from({ length: before }, () => ({})), { reason: 'late' }] })],
    [
      'violations',
      (before) => ({
        details: [{ violations: [...Array.from({ length: before }, () => ({})), { quotaId: 'late' }] }],
      }),
    ],
    [
      'fields',
      (before) => ({
        ...Object.fromEntries(Array.from({ length: before }, (_none, at) => [`f${at}`, 0])),
        fooException: { code: 'late' },
      }),
    ],
  ])('%s are read up to the twentieth', (_name, body) => {
    const codes = (before: number) => layers(body(before)).flatMap((layer) => layer.codes)
    expect(codes(19)).toContain('late')
    expect(codes(20)).not.toContain('late')
  })

  it('JSON in a message is looked for in 64 KiB', () => {
    const json = '{"error":{"code":"inner"}}'
    const message = (length: number) => 'x'.repeat(length - json.length) + json
    expect(innermost({ error: { message: message(65_535) } })?.codes).toEqual(['inner'])
    expect(innermost({ error: { message: message(65_536) } })?.codes).toEqual([])
  })
})

describe('what only looks like', () => {
  it('an exception of a stream: a word, or a neighbour of one', () => {
    expect(layers({ fooException: 'words' })[0]?.codes).toEqual([])
    expect(
      layers({ fooException: { message: 'x' }, other: { code: 'planted' } }).flatMap(({ codes }) => codes),
    ).toEqual(['fooexception'])
  })

  it('a stop: a message without one', () => {
    for (const message of [{}, { stop_reason: null }]) expect(layers({ message })[0]?.types).toEqual([])
    expect(layers({ message: { stop_reason: 'Refusal' } })[0]?.types).toEqual(['stop:refusal'])
  })

  it.each([['429x'], ['x429'], ['0x1f4'], [[429]], [{ code: 429 }], ['4290'], [450.5], [true]])(
    'a status: %j',
    (http_code) => {
      expect(layers({ error: { code: 'c', http_code } }).at(-1)?.statuses).toEqual([])
    },
  )

  it.each(['{"reason":"planted"}', '{"status":"planted"}', '{"code":"planted","role":"user"}'])(
    'an error in a message: %s',
    (quoted) => {
      for (const { codes, types } of layers({ error: { message: `bad: ${quoted}` } }))
        expect([...codes, ...types]).not.toContain('planted')
    },
  )
})

describe('an error in a message is known by', () => {
  it.each([
    ['{"code":"inner"}', { codes: ['inner'] }],
    ['{"error":"inner"}', { codes: ['inner'] }],
    ['{"message":"inner words"}', { message: 'inner words' }],
    ['{"msg":"inner words"}', { message: 'inner words' }],
    ['{"detail":"inner words"}', { message: 'inner words' }],
    ['{"errorMessage":"inner words"}', { message: 'inner words' }],
    ['{"base_resp":{"status_code":1008}}', { codes: ['1008'] }],
    ['{"@type":"x","reason":"inner"}', { codes: ['inner'] }],
  ])('%s', (json, said) => {
    expect(innermost({ error: { message: `it said ${json}` } })).toMatchObject(said)
  })
})

describe('a code under the details of an error', () => {
  it('is also a code of the error: rows ask for both its type and this code', () => {
    const error = { type: 't', message: 'x', details: { error_code: 'Deep' } }
    expect(layers({ error }).map(({ codes, types }) => [codes, types])).toEqual([
      [['deep'], []],
      [['deep'], ['t']],
    ])
  })
})

describe('names of classes', () => {
  it.each([
    ['grpc._channel._InactiveRpcError', ['grpc._channel._inactiverpcerror', 'inactiverpcerror']],
    ['__Two_Words', ['__two_words', 'two_words']],
    ['Plain', ['plain']],
  ])('%s', (name, names) => {
    expect(thrown({ name, message: 'x' })[0]?.thrown).toEqual(names)
  })

  it('stand before a message however it is spaced, and are looked for at its beginning', () => {
    expect(thrown({ name: 'E', message: 'a.RateLimitError:  FooError:\n BarTimeout -  words' })[0]?.thrown).toEqual([
      'e',
      'a.ratelimiterror',
      'ratelimiterror',
      'fooerror',
      'bartimeout',
    ])
  })
})

describe('text as it comes', () => {
  it.each<readonly [string, readonly number[]]>([
    ['OpenAIError : 429 x', [429]],
    ['APIError:429 x', [429]],
    ['it was an API error: 401', [401]],
    ['it failed with error(429)', [429]],
    ['500  ms later', []],
  ])('%s names %j', (text, statuses) => {
    expect(layers(text)[0]?.statuses).toEqual(statuses)
  })

  it('without a body is told from words around it', () => {
    for (const body of [' 400 status code (no body) \n', '\n400 status code (no body)'])
      expect(layers(body)[0]).toMatchObject({ shape: 'empty', message: '400 status code (no body)' })
    for (const body of ['v400 status code (no body)', '400 status code (no body).'])
      expect(layers(body)[0]?.shape).toBe('text')
  })

  it.each([
    ['No. Got:rate limit', 'no.'],
    ['Refused (got: "x").', 'refused ( ).'],
  ])('without what it echoes: %s', (message, text) => {
    expect(layers({ error: { message } })[0]?.text).toBe(text)
  })

  it('of a page is a sentence for people', () => {
    expect(layers('<html>a<style>p { x }</style>b<br>c  \n d')[0]?.message).toBe('a b c d')
    expect(layers('<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html><p>x')[0]?.shape).toBe('html')
    expect(layers('<?xml version="1.0"?> x <!DOCTYPE html><p>x')[0]?.shape).toBe('text')
  })
})
