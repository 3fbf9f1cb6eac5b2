import { describe, expect, it } from 'vitest'
import { encodeSse, type SseEvent, SseFramer } from './sse.ts'

/** Pushes text in the given chunks; `finish` at the end. */
function events(...chunks: ReadonlyArray<string | Uint8Array>): SseEvent[] {
  return frames(...chunks).flatMap(({ event }) => (event === undefined ? [] : [event]))
}

function frames(...chunks: ReadonlyArray<string | Uint8Array>) {
  const framer = new SseFramer()
  const seen = chunks.flatMap((chunk) => {
    const pushed = framer.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    if (!Array.isArray(pushed)) throw new Error('too large')
    return pushed
  })
  return [...seen, ...framer.finish()]
}

const raws = (...chunks: readonly string[]) => frames(...chunks).map(({ raw }) => Buffer.from(raw).toString())

describe('SseFramer', () => {
  it.each([
    ['a name and data', 'event: ping\ndata: {}\n\n', [{ name: 'ping', data: '{}' }]],
    ['no space behind the colon', 'event:ping\ndata:{}\n\n', [{ name: 'ping', data: '{}' }]],
    ['only one space is taken away', 'data:  x \n\n', [{ name: '', data: ' x ' }]],
    ['several data lines', 'data: a\ndata:\ndata: c\n\n', [{ name: '', data: 'a\n\nc' }]],
    ['a field without a colon', 'data\n\n', [{ name: '', data: '' }]],
    ['the last name counts', 'event: a\nevent: b\ndata: x\n\n', [{ name: 'b', data: 'x' }]],
    ['a colon inside the data', 'data: {"a":"b: c"}\n\n', [{ name: '', data: '{"a":"b: c"}' }]],
    [
      'unknown fields, ids and retries beside data',
      'id: 7\nretry: 5\nfoo: bar\ndata: x\n\n',
      [{ name: '', data: 'x' }],
    ],
    ['fields are case-sensitive', 'Data: x\n\n', []],
    ['comments alone', ': OPENROUTER PROCESSING\n\n: keep-alive\n\n', []],
    ['a comment inside an event', 'data: a\n: hush\ndata: b\n\n', [{ name: '', data: 'a\nb' }]],
    ['ids and retries alone', 'id: 7\n\nretry: 5\n\n', []],
    ['a name without data', 'event: message_stop\n\n', []],
    ['blank lines alone', '\n\n\n\r\n\r\r', []],
    ['an error field of llama.cpp', 'error: {"code":500}\n\n', [{ name: '', data: '', errorField: '{"code":500}' }]],
    ['a byte order mark', '\uFEFFdata: x\n\n', [{ name: '', data: 'x' }]],
    ['a byte order mark and a blank line', '\uFEFF\ndata: x\n\n', [{ name: '', data: 'x' }]],
    ['a later byte order mark is a letter', 'data: a\n\n\uFEFFdata: b\n\n', [{ name: '', data: 'a' }]],
    [
      'an event without its blank line',
      'data: a\n\ndata: [DONE]',
      [
        { name: '', data: 'a' },
        { name: '', data: '[DONE]' },
      ],
    ],
    ['an event whose blank line is only begun', 'data: a\r\n\r', [{ name: '', data: 'a' }]],
    ['a line separator inside data is a letter', 'data: a\u2028b\u0085c\n\n', [{ name: '', data: 'a\u2028b\u0085c' }]],
  ] as const)('reads %s', (_name, text, expected) => {
    expect(events(text)).toEqual(expected)
  })

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('ends lines with %s, however it is cut', (_name, end) => {
    const text = `event: a${end}data: 1${end}${end}data: 2${end}data: 3${end}${end}`
    const expected = [
      { name: 'a', data: '1' },
      { name: '', data: '2\n3' },
    ]
    expect(events(text)).toEqual(expected)
    expect(events(...text.split(''))).toEqual(expected)
    expect(raws(...text.split('')).join('')).toBe(text)
  })

  it('reads line ends mixed as they come', () => {
    const text = 'data: 1\r\n\ndata: 2\n\r\ndata: 3\r\rdata: 4\n\n'
    expect(events(...text.split('')).map(({ data }) => data)).toEqual(['1', '2', '3', '4'])
    // CR LF is one line end wherever the chunk was cut, so this is one event of two lines.
    expect(events('data: 1\r', '\ndata: 2\r', '\n\r', '\n')).toEqual([{ name: '', data: '1\n2' }])
  })

  it('keeps letters whole that were cut between chunks', () => {
    const bytes = Buffer.from('data: ä€😀漢\n\n')
    for (let cut = 0; cut <= bytes.length; cut += 1)
      expect(events(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual([{ name: '', data: 'ä€😀漢' }])
  })

  it('gives an event as soon as its blank line is there', () => {
    const framer = new SseFramer()
    expect(framer.push(Buffer.from('data: 1\n'))).toEqual([])
    expect(framer.push(Buffer.from('\nda'))).toMatchObject([{ event: { data: '1' } }])
    expect(framer.push(Buffer.from('ta: 2\n\ndata: 3\n\n'))).toMatchObject([
      { event: { data: '2' } },
      { event: { data: '3' } },
    ])
    expect(framer.finish()).toEqual([])
  })

  it('passes every byte on, bad UTF-8 included', () => {
    const bytes = Buffer.from([...Buffer.from('data: '), 0xff, 0x00, 0xc3, ...Buffer.from('\n\n: x\n\nrest')])
    const seen = frames(bytes.subarray(0, 7), bytes.subarray(7))
    expect(Buffer.concat(seen.map(({ raw }) => raw)).equals(bytes)).toBe(true)
    expect(seen[0]?.event).toEqual({ name: '', data: '\uFFFD\u0000\uFFFD' })
  })

  it('refuses an event without end instead of filling the memory', () => {
    const framer = new SseFramer(1024)
    expect(framer.push(Buffer.alloc(1024, 'x'))).toEqual([])
    expect(framer.push(Buffer.from('x'))).toEqual({ kind: 'too_large' })
  })

  it('bounds what is open, not how long the stream is', () => {
    const framer = new SseFramer(1024)
    for (let count = 0; count < 100; count += 1)
      expect(framer.push(Buffer.from(`data: ${'x'.repeat(500)}\n\n`))).toHaveLength(1)
  })

  it('allows a large image in one event by default, and not an endless one', () => {
    const framer = new SseFramer()
    const megabyte = Buffer.alloc(1024 * 1024, 'x')
    for (let count = 0; count < 32; count += 1) expect(framer.push(megabyte)).toEqual([])
    expect(framer.push(megabyte)).toEqual({ kind: 'too_large' })
  })

  it('a giant event that drips in byte by byte stays whole', () => {
    const framer = new SseFramer()
    const text = `data: ${'0123456789'.repeat(1000)}\n\n`
    const seen = [...Buffer.from(text)].flatMap((byte) => {
      const pushed = framer.push(Uint8Array.of(byte))
      return Array.isArray(pushed) ? pushed : []
    })
    expect(seen).toHaveLength(1)
    expect(Buffer.from(seen[0]?.raw ?? []).toString()).toBe(text)
  })
})

describe('encodeSse', () => {
  it.each([
    [{ data: '{"a":1}' }, 'data: {"a":1}\n\n'],
    [{ name: 'error', data: '{}' }, 'event: error\ndata: {}\n\n'],
  ])('%j', (event, text) => {
    expect(encodeSse(event)).toBe(text)
    expect(events(text)).toEqual([{ name: '', ...event }])
  })
})
