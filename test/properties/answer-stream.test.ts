import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AnswerStream } from '../../src/relay/answer-stream.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { WIRES } from '../../src/wire/wires.ts'
import { recordedStreams } from '../support/recorded-streams.ts'
import { framesOf } from '../support/watch-stream.ts'

/** Wherever the network cuts a stream into pieces, the same comes out of it. */

interface Seen {
  /** Upstream bytes that had been read when the stream was committed; `undefined` when it never was. */
  readonly committedAfter: number | undefined
  readonly ending: unknown
  readonly out: Buffer
}

async function through(wire: WireName, pieces: readonly Uint8Array[]): Promise<Seen> {
  let read = 0
  let index = 0
  const stream = new AnswerStream(() => {
    const piece = pieces[index]
    index += 1
    read += piece?.length ?? 0
    return Promise.resolve(piece)
  }, WIRES[wire].observeStream())
  const opening = await stream.open()
  const committedAfter = read
  if (opening.kind === 'failure') return { committedAfter: undefined, ending: opening, out: Buffer.alloc(0) }
  const parts: Uint8Array[] = []
  for (;;) {
    const bytes = await stream.next()
    if (bytes === undefined) break
    parts.push(bytes)
  }
  return { committedAfter, ending: stream.ending, out: Buffer.concat(parts) }
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((left, right) => left - right)
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length))
}

const streams = recordedStreams()

it('has something to look at', () => {
  expect(streams.length).toBeGreaterThan(20)
  expect(new Set(streams.map(({ wire }) => wire)).size).toBe(3)
})

describe.each(streams)('$name', ({ wire, bytes }) => {
  it('gives the same events, commit point, ending and bytes however it is split', async () => {
    const bytewise = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1))
    const exact = await through(wire, bytewise)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 20 }), async (cuts) => {
        const pieces = split(bytes, cuts)
        const seen = await through(wire, pieces)
        expect(seen.ending).toEqual(exact.ending)
        expect(seen.out.equals(exact.out)).toBe(true)
        expect(framesOf(seen.out).map(({ event }) => event)).toEqual(framesOf(exact.out).map(({ event }) => event))
        // It is committed with the very piece that completes the first visible event.
        let end = 0
        const ends = pieces.map((piece) => {
          end += piece.length
          return end
        })
        const { committedAfter } = exact
        expect(seen.committedAfter).toBe(
          committedAfter === undefined ? undefined : ends.find((each) => each >= committedAfter),
        )
      }),
      { numRuns: 60 },
    )
    // What is passed on are the upstream's own bytes from the first one on, none changed.
    expect(bytes.subarray(0, exact.out.length).equals(exact.out)).toBe(true)
  })
})
