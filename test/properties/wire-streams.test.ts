import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chatAnswers } from '../../src/simulator/chat-answers.ts'
import { messagesAnswers } from '../../src/simulator/messages-answers.ts'
import { responsesAnswers } from '../../src/simulator/responses-answers.ts'
import type { AnswerStep, AnswerWriter } from '../../src/simulator/simulated-answer.ts'
import { gatherResponses } from '../../src/wire/responses/gather.ts'
import { SseFramer } from '../../src/wire/sse.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { framesOf, type Sent, streamOf, watchEvents, watchStream } from '../support/watch-stream.ts'

interface Dispatched {
  readonly name: string
  readonly data: string
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((left, right) => left - right)
  return [...places, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : places[index - 1], end))
}

function ours(parts: readonly Uint8Array[]): Dispatched[] {
  const framer = new SseFramer()
  const frames = parts.flatMap((part) => {
    const pushed = framer.push(part)
    if (!Array.isArray(pushed)) throw new Error('too large')
    return pushed
  })
  return [...frames, ...framer.finish()].flatMap(({ event }) =>
    event === undefined ? [] : [{ name: event.name, data: event.data }],
  )
}

/** What the parser of the SDKs makes of the same bytes, undoctored and in the same pieces. */
function theirs(parts: readonly Uint8Array[]): Dispatched[] {
  const seen: Dispatched[] = []
  const parser = createParser({ onEvent: ({ event, data }) => seen.push({ name: event ?? '', data }) })
  const decoder = new TextDecoder()
  for (const part of parts) {
    const text = decoder.decode(part, { stream: true })
    // It takes a piece without a letter (half of one) for an end.
    if (text !== '') parser.feed(text)
  }
  return seen
}

const line = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('data: {"a":1}', 'data:x', 'data:  y ', 'event: error', 'event:ping', '', ''),
  },
  fc.constantFrom('id: 7', 'retry: 5', ': comment', ':', 'unknown: field', 'data: ä€😀漢', 'data', 'event', 'DATA: x'),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
  fc.string({ maxLength: 8 }).map((text) => text.replace(/[\r\n]/g, '')),
)

/** Complete streams, with one kind of line end each: `\r` and `\r\n` mixed is where parsers themselves differ. */
const stream = fc
  .tuple(fc.array(line, { maxLength: 30 }), fc.constantFrom('\n', '\r\n', '\r'), fc.boolean())
  // A comment at the end: parsers wait behind a last CR for what may follow.
  .map(([lines, end, mark]) => Buffer.from(`${mark ? '\uFEFF' : ''}${[...lines, '', ': end', '', ''].join(end)}`))

describe('server-sent events', () => {
  it('are what the parser of the SDKs dispatches, whatever the line ends and wherever both are cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (bytes, cuts) => {
        expect(ours(split(bytes, cuts))).toEqual(theirs([bytes]))
        expect(ours([bytes])).toEqual(theirs(split(bytes, cuts)))
      }),
      { numRuns: 500 },
    )
  })

  it('mean the same with every mixture of line ends', () => {
    const ends = fc.infiniteStream(fc.constantFrom('\n', '\r\n', '\r'))
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 20 }),
        ends,
        fc.array(fc.nat(), { maxLength: 8 }),
        (lines, mixed, cuts) => {
          const all = [...lines, '', ': end', '', '']
          let text = ''
          for (const each of all) {
            const { value } = mixed.next()
            // A lone CR before an empty line that ends in LF would read as one CRLF.
            const end = each === '' && text.endsWith('\r') && value === '\n' ? '\r\n' : value
            text += each + (end ?? '\n')
          }
          expect(ours(split(Buffer.from(text), cuts))).toEqual(theirs([Buffer.from(all.join('\n'))]))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('survive any bytes, and no byte is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (parts) => {
        const framer = new SseFramer()
        const frames = parts.flatMap((part) => {
          const pushed = framer.push(part)
          return Array.isArray(pushed) ? pushed : []
        })
        const raws = [...frames, ...framer.finish()].map(({ raw }) => raw)
        expect(Buffer.concat(raws).equals(Buffer.concat(parts))).toBe(true)
      }),
    )
  })

  it('are bounded: too large is told once more than the limit is open, and never before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 20 }),
        (limit, sizes) => {
          const framer = new SseFramer(limit)
          let open = 0
          for (const size of sizes) {
            open += size
            const pushed = framer.push(Buffer.alloc(size, 'x'))
            expect(Array.isArray(pushed)).toBe(open <= limit)
            if (open > limit) return
          }
        },
      ),
    )
  })
})

const WRITERS: Readonly<Record<WireName, AnswerWriter>> = {
  responses: responsesAnswers,
  'chat-completions': chatAnswers,
  messages: messagesAnswers,
}
const TOLD = { id: '1', model: 'gpt-5.5', nowMs: 1_800_000_000_000, includeUsage: true }

/** Good answers of every sort. */
const answer = fc
  .record(
    {
      text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => text.trim() !== ''),
      reasoningFirst: fc.constantFrom<true | string>(true, 'Because'),
      toolCall: fc.record({ name: fc.constant('f'), arguments: fc.json() }),
      unknownFields: fc.constant({ hologram: { depth: 3 } }),
      chunks: fc.integer({ min: 1, max: 6 }),
    },
    { requiredKeys: [] },
  )
  .map((step): AnswerStep => ({ kind: 'answer', ...step }) as AnswerStep)

const TERMINALS: Readonly<Record<WireName, string>> = {
  responses: '"type":"response.completed"',
  'chat-completions': '"finish_reason":"',
  messages: '"type":"message_stop"',
}

const UNKNOWN: readonly Sent[] = [
  { event: 'codex.rate_limits', data: { type: 'codex.rate_limits', rate_limits: { limit_reached: false } } },
  { event: 'response.hologram', data: { type: 'response.hologram', delta: 'x', text: 'x', output: ['x'] } },
  { event: 'ping', data: { type: 'ping' } },
  { data: { hello: 'world', content: 'x' } },
  { data: 'no JSON at all' },
  { event: 'hologram', data: '' },
]

const ERRORS: Readonly<Record<WireName, readonly Sent[]>> = {
  responses: [
    { event: 'error', data: { type: 'error', error: { code: 'insufficient_quota', message: 'x' } } },
    { event: 'error', data: { type: 'error', code: 'insufficient_quota', message: 'x' } },
    {
      event: 'response.failed',
      data: { type: 'response.failed', response: { status: 'failed', error: { code: 'x' } } },
    },
    { event: 'response.cancelled', data: { type: 'response.cancelled', response: { status: 'cancelled' } } },
  ],
  'chat-completions': [
    { data: { error: { message: 'x', code: 429 } } },
    { event: 'error', data: { message: 'x' } },
    { data: { error_type: 'quota', error_message: 'x' } },
    { data: { choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }] } },
  ],
  messages: [
    { event: 'error', data: { type: 'error', error: { type: 'overloaded_error', message: 'x' } } },
    { data: { type: 'error', error: { type: 'api_error', message: 'x' } } },
  ],
}

describe.each(Object.keys(WRITERS) as WireName[])('a stream of %s', (wire) => {
  const good = answer.map((step) =>
    WRITERS[wire]
      .good(step, TOLD)
      .events.map(({ event, data }): Sent => ({ ...(event === undefined ? {} : { event }), data })),
  )

  it('is complete, and was visible before its end, whatever it says', () => {
    fc.assert(
      fc.property(good, (events) => {
        expect(watchEvents(wire, events)).toMatchObject({ kind: 'complete', visible: true })
      }),
    )
  })

  it('that stops at any byte before its terminal event is a failure, never a success', () => {
    fc.assert(
      fc.property(good, fc.nat(), (events, at) => {
        const bytes = streamOf(events)
        const end = terminalEnd(bytes, TERMINALS[wire])
        const watched = watchStream(wire, bytes.subarray(0, at % end))
        expect(watched).toMatchObject({ kind: 'failure', evidence: { channel: 'end' } })
      }),
      { numRuns: 400 },
    )
  })

  it('that stops there and says [DONE] is one all the same', () => {
    fc.assert(
      fc.property(good, fc.nat(), (events, count) => {
        const first = events.findIndex(({ data }) => JSON.stringify(data).includes(TERMINALS[wire]))
        const prefix = events.slice(0, count % (first + 1))
        if (!prefix.some(({ data }) => JSON.stringify(data).includes('"finish_reason":"')))
          expect(watchEvents(wire, [...prefix, { data: '[DONE]' }]).kind).toBe('failure')
      }),
    )
  })

  it('bears events that nobody knows at any place', () => {
    fc.assert(
      fc.property(
        good,
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(...UNKNOWN)), { maxLength: 5 }),
        (events, strange) => {
          const mixed = [...events]
          for (const [place, sent] of strange) mixed.splice(place % (mixed.length + 1), 0, sent)
          const watched = watchEvents(wire, mixed)
          expect(watched).toMatchObject({ kind: 'complete', visible: true })
          // They commit nothing either.
          const before = watchEvents(
            wire,
            strange.map(([, sent]) => sent),
          )
          expect(before.meanings).not.toContain('visible')
        },
      ),
    )
  })

  it('with an error at any place before its end is a failure with the words of the error', () => {
    fc.assert(
      fc.property(good, fc.nat(), fc.constantFrom(...ERRORS[wire]), (events, place, error) => {
        const bytes = streamOf(events)
        const before = framesOf(bytes.subarray(0, terminalEnd(bytes, TERMINALS[wire]))).length
        const mixed = [...events]
        mixed.splice(place % before, 0, error)
        expect(watchEvents(wire, mixed)).toMatchObject({
          kind: 'failure',
          evidence: { body: JSON.stringify(error.data) },
        })
      }),
    )
  })
})

describe('gathering a Responses stream', () => {
  it('gives the body that the provider would have given', () => {
    fc.assert(
      fc.property(answer, (step) => {
        const { body, events } = responsesAnswers.good(step, TOLD)
        const gathered = gatherResponses(streamOf(events))
        expect(gathered.kind === 'body' ? JSON.parse(gathered.text) : gathered).toEqual(
          JSON.parse(JSON.stringify(body)),
        )
      }),
    )
  })

  it('gives the same body when the terminal event says nothing of the output', () => {
    fc.assert(
      fc.property(answer, fc.constantFrom(null, [], undefined), (step, output) => {
        const { body, events } = responsesAnswers.good(step, TOLD)
        const bare = events.map(({ event, data }): Sent => {
          const given = data as { readonly type: string; readonly response: object }
          return given.type === 'response.completed'
            ? { event: given.type, data: { ...given, response: { ...given.response, output } } }
            : { ...(event === undefined ? {} : { event }), data }
        })
        const gathered = gatherResponses(streamOf(bare))
        expect(gathered.kind === 'body' ? JSON.parse(gathered.text) : gathered).toEqual(
          JSON.parse(JSON.stringify(body)),
        )
      }),
    )
  })
})

/** Where the data of the terminal event becomes whole: from there on the stream is an answer, with or without a last blank line. */
function terminalEnd(bytes: Buffer, terminal: string): number {
  const at = bytes.indexOf(terminal)
  if (at === -1) throw new Error(`no ${terminal}`)
  return bytes.indexOf('\n', at)
}
