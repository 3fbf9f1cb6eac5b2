import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FAILURE_LABELS } from '../../src/failure/labels.ts'
import { blameOf } from '../../src/failure/labels.ts'
import type { Failure } from '../../src/failure/evidence.ts'
import { encodeSse, SseFramer } from '../../src/wire/sse.ts'
import { gatherResponses } from '../../src/wire/responses/gather.ts'
import type { GivenUp, WireName, WireProtocol } from '../../src/wire/wire.ts'
import { WIRES } from '../../src/wire/wires.ts'
import { startSimulator } from '../../src/simulator/index.ts'
import { PATHS, requestBody } from '../support/client.ts'

/** Cuts bytes at the given places. */
function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((left, right) => left - right)
  return [...places, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : places[index - 1], end))
}

interface Seen {
  readonly name: string
  readonly data: string
}

function frame(parts: readonly Uint8Array[]) {
  const framer = new SseFramer()
  const frames = []
  for (const part of parts) {
    const framed = framer.push(part)
    if (!Array.isArray(framed)) throw new Error('too large')
    frames.push(...framed)
  }
  frames.push(...framer.finish())
  return frames
}

function eventsOf(parts: readonly Uint8Array[]): Seen[] {
  return frame(parts).flatMap(({ event }) =>
    event === undefined || (event.data === '' && event.errorField === undefined)
      ? []
      : [{ name: event.name, data: event.data }],
  )
}

const line = fc.oneof(
  fc.constantFrom(
    '',
    '',
    'data',
    'data:',
    'data: {"a":1}',
    'data:x',
    'event: error',
    'event:response.created',
    'id: 7',
    'retry: 5',
    ': comment',
    ': OPENROUTER PROCESSING',
    'unknown: field',
    'data: ä€😀',
  ),
  fc.string({ maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
)
const stream = fc
  .tuple(fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 30 }), fc.boolean())
  // A complete stream: an unterminated last frame is not dispatched by clients and is another test's matter.
  .map(([lines, mark]) =>
    new TextEncoder().encode(`${mark ? '\uFEFF' : ''}${lines.map(([text, end]) => text + end).join('')}\n\n`),
  )

describe('server-sent events', () => {
  it('any byte split gives the same events, and the frames are the stream', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (bytes, cuts) => {
        const whole = eventsOf([bytes])
        expect(eventsOf(split(bytes, cuts))).toEqual(whole)
        expect(eventsOf([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole)
        expect(Buffer.concat(frame(split(bytes, cuts)).map(({ raw }) => raw)).equals(Buffer.from(bytes))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('are what an SSE client would dispatch', () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const oracle: Seen[] = []
        const parser = createParser({ onEvent: ({ event, data }) => oracle.push({ name: event ?? '', data }) })
        // The oracle reads text and wants line feeds alike; what the lines mean is what is compared.
        parser.feed(new TextDecoder().decode(bytes).replace(/\r\n|\r/g, '\n'))
        expect(eventsOf([bytes])).toEqual(oracle.filter(({ data }) => data !== ''))
      }),
      { numRuns: 300 },
    )
  })

  it('refuse a frame without end instead of filling the memory', () => {
    const framer = new SseFramer(1024)
    expect(Array.isArray(framer.push(new Uint8Array(1000).fill(120)))).toBe(true)
    expect(framer.push(new Uint8Array(1000).fill(120))).toEqual({ kind: 'too_large' })
  })
})

const wires = Object.entries(WIRES) as ReadonlyArray<readonly [WireName, WireProtocol]>

/** A good stream of each wire, from the simulator's socket. */
async function goodStream(wire: WireName): Promise<Uint8Array> {
  const simulator = await startSimulator({
    scenario: { name: 'x', description: '', credentials: { t: { steps: [{ kind: 'answer', reasoningFirst: true }] } } },
  })
  const response = await fetch(simulator.url + PATHS[wire], {
    method: 'POST',
    headers: { authorization: 'Bearer t' },
    body: JSON.stringify(requestBody(wire, true)),
  })
  const bytes = new Uint8Array(await response.arrayBuffer())
  await simulator.close()
  return bytes
}

describe.each(wires)('a stream of %s', (name, wire) => {
  const watch = (bytes: Uint8Array) => {
    const observer = wire.observeStream()
    let visible = false
    for (const each of frame([bytes])) {
      const meaning = observer.observe(each)
      if (meaning.kind === 'visible') visible = true
      if (meaning.kind === 'complete') return { kind: 'complete', visible } as const
      if (meaning.kind === 'failure') return { kind: 'failure', evidence: meaning.evidence, visible } as const
    }
    const evidence = observer.end()
    return evidence === undefined
      ? ({ kind: 'complete', visible } as const)
      : ({ kind: 'failure', evidence, visible } as const)
  }

  it('is complete only with its terminal event: every shorter one is a failure', async () => {
    const bytes = await goodStream(name)
    const frames = frame([bytes])
    expect(watch(bytes)).toMatchObject({ kind: 'complete', visible: true })
    for (let count = 0; count < frames.length; count += 1) {
      const prefix = Buffer.concat(frames.slice(0, count).map(({ raw }) => raw))
      const text = prefix.toString()
      const terminal =
        name === 'responses'
          ? 'event: response.completed'
          : name === 'messages'
            ? 'event: message_stop'
            : '"finish_reason":"stop"'
      if (!text.includes(terminal)) expect(watch(prefix), `after ${count} frames`).toMatchObject({ kind: 'failure' })
    }
  })

  it('[DONE] alone proves nothing', () => {
    expect(watch(Buffer.from('data: [DONE]\n\n'))).toMatchObject({ kind: 'failure' })
  })

  it('survives anything', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom('', 'error', 'message_stop', 'response.completed', 'ping'),
            fc.oneof(fc.json(), fc.string()),
          ),
          { maxLength: 10 },
        ),
        (events) => {
          const text = events.map(([event, data]) => encodeSse({ name: event, data })).join('')
          expect(['complete', 'failure']).toContain(watch(Buffer.from(text)).kind)
          wire.bodyFailure(text)
          wire.bodyUsage(text)
        },
      ),
    )
  })

  describe.each(FAILURE_LABELS)('that fails with %s', (label) => {
    const given = (waitMs?: number): GivenUp => {
      const failure: Failure = {
        label,
        blame: blameOf(label),
        message: 'It "failed"\nwith\u2028odd text',
        modelScoped: false,
        rule: 'x/y',
        confidence: 'exact',
        ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
        evidence: { channel: 'http', provider: 'p', api: name, headers: {}, seenAtMs: 1_000_000 },
      }
      return {
        failure,
        nowMs: 1_000_000,
        attempts: [{ provider: 'p', credential: 'c', label }],
        ...(waitMs === undefined ? {} : { earliestReturnMs: 1_000_000 + waitMs }),
      }
    }

    it('ends in words that its clients read as an error, never as a success', () => {
      const text = wire.renderStreamError(given())
      const names = eventsOf([Buffer.from(text)]).map((event) => event.name)
      expect(watch(Buffer.from(text))).toMatchObject({ kind: 'failure' })
      expect(text.endsWith('\n\n')).toBe(true)
      expect(text).not.toContain('[DONE]')
      if (name === 'responses') expect(names).toEqual(['error', 'response.failed'])
      if (name === 'messages') expect(names).toEqual(['error'])
      if (name === 'chat-completions') expect(names).toEqual([''])
    })

    it('is an error status with a parsable body otherwise', () => {
      const rendered = wire.renderError(given(120_000))
      expect(rendered.status).toBeGreaterThanOrEqual(400)
      const body = JSON.parse(rendered.body) as { readonly error: { readonly message: string; readonly type: string } }
      expect(typeof body.error.message).toBe('string')
      expect(typeof body.error.type).toBe('string')
      if (label === 'quota_exhausted') {
        const headers = Object.fromEntries(rendered.headers)
        expect(headers).toMatchObject({ 'retry-after': '120', 'x-should-retry': 'false' })
      }
    })
  })
})

describe('gathering a Responses stream', () => {
  it('gives the body that the provider would have sent', async () => {
    const gathered = gatherResponses(await goodStream('responses'))
    expect(gathered.kind).not.toBe('failure')
    if (gathered.kind === 'failure') return
    const body = JSON.parse(gathered.text) as {
      readonly status: string
      readonly output: ReadonlyArray<{ readonly type: string }>
    }
    expect(body.status).toBe('completed')
    expect(body.output.map(({ type }) => type)).toEqual(['reasoning', 'message'])
    expect(WIRES.responses.bodyFailure(gathered.text)).toBeUndefined()
  })

  it('never makes a success of a cut one', async () => {
    const bytes = await goodStream('responses')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 200 }), (length) => {
        expect(gatherResponses(bytes.subarray(0, length)).kind).toBe('failure')
      }),
    )
  })
})
