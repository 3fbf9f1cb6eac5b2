import { expect, it } from 'vitest'
import { goodStream } from '../../test/support/recorded-streams.ts'
import { WIRES } from '../wire/wires.ts'
import { AnswerStream } from './answer-stream.ts'

const MOST_MS = 1_000
const EVERY_MS = 300
const COMMENT = Buffer.from(': still at work\n\n')

/** A committed stream whose next pieces come every 300 ms of a clock that only they move. @returns how long the upstream was waited for */
async function read(pieces: readonly Uint8Array[], clientMs = 0) {
  const good = goodStream('chat-completions')
  const visibleEnd = good.indexOf('\n\n', good.indexOf('"content":"T')) + 2
  const coming = [good.subarray(0, visibleEnd), ...pieces, good.subarray(visibleEnd)]
  let nowMs = 0
  let index = 0
  const stream = new AnswerStream(
    async (patienceMs = MOST_MS) => {
      if (patienceMs < EVERY_MS) {
        nowMs += patienceMs
        throw new Error('silent')
      }
      nowMs += EVERY_MS
      index += 1
      return Promise.resolve(coming[index - 1])
    },
    WIRES['chat-completions'].observeStream(),
    { mostMs: MOST_MS, nowMs: () => nowMs },
  )
  expect(await stream.open()).toEqual({ kind: 'committed' })
  const openedAtMs = nowMs
  const parts: Uint8Array[] = []
  try {
    for (;;) {
      const bytes = await stream.next()
      if (bytes === undefined) break
      parts.push(bytes)
      nowMs += clientMs
    }
  } catch (error) {
    return { silentAfterMs: nowMs - openedAtMs, error }
  }
  return { ending: stream.ending, whole: Buffer.concat(parts).equals(Buffer.concat(coming)) }
}

it('comment lines keep a committed stream alive for as long as silence may last, and no longer', async () => {
  // The first comment ends a wait that was none of theirs.
  expect(await read(Array.from({ length: 99 }, () => COMMENT))).toMatchObject({ silentAfterMs: EVERY_MS + MOST_MS })
  expect(await read([COMMENT, COMMENT, COMMENT])).toMatchObject({ ending: { kind: 'complete' }, whole: true })
})

it('an event between them begins their time anew, and so does a part of one', async () => {
  const event = Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n')
  const few = [COMMENT, COMMENT, COMMENT]
  expect(await read([...few, event, ...few, event, ...few])).toMatchObject({
    ending: { kind: 'complete' },
    whole: true,
  })
  const halves = [...few, event.subarray(0, 9), event.subarray(9, 20), event.subarray(20), ...few]
  expect(await read(halves)).toMatchObject({ ending: { kind: 'complete' } })
})

it('a client that takes its time spends none of it', async () => {
  const slow = await read([COMMENT, COMMENT, COMMENT], 60_000)
  expect(slow).toMatchObject({ ending: { kind: 'complete' }, whole: true })
})
