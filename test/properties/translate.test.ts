import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/wire/json.ts'
import type { Delta } from '../../src/wire/translate/answer.ts'
import { decodeChatRequest } from '../../src/wire/translate/chat-decode-request.ts'
import { encodeChatRequest } from '../../src/wire/translate/chat-encode-request.ts'
import type { Conversation } from '../../src/wire/translate/conversation.ts'
import { DECODE_STREAM } from '../../src/wire/translate/delta-decoders.ts'
import { LossReport } from '../../src/wire/translate/loss-report.ts'
import { decodeMessagesRequest } from '../../src/wire/translate/messages-decode-request.ts'
import { encodeMessagesRequest } from '../../src/wire/translate/messages-encode-request.ts'
import { decodeResponsesRequest } from '../../src/wire/translate/responses-decode-request.ts'
import { encodeResponsesRequest } from '../../src/wire/translate/responses-encode-request.ts'
import { ToolNames } from '../../src/wire/translate/tool-names.ts'
import { translateRequest } from '../../src/wire/translate/translate-request.ts'
import { StreamTranslation } from '../../src/wire/translate/translate-stream.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { canonicalConversations, meaningOf } from '../support/canonical-conversations.ts'
import { recordedStreams } from '../support/recorded-streams.ts'
import { framesOf, watchStream } from '../support/watch-stream.ts'

/** What is said in one protocol means the same in the others, and on the way back. */

const WIRES: readonly WireName[] = ['responses', 'chat-completions', 'messages']
const PAIRS = WIRES.flatMap((from) => WIRES.filter((to) => to !== from).map((to) => [from, to] as const))

const ENCODE: Readonly<Record<WireName, (conversation: Conversation) => JsonObject>> = {
  responses: (each) => encodeResponsesRequest(each, new ToolNames(each), new LossReport()),
  'chat-completions': (each) => encodeChatRequest(each, new ToolNames(each), new LossReport(), 'common'),
  messages: (each) => encodeMessagesRequest(each, new ToolNames(each), new LossReport()),
}
const DECODE: Readonly<Record<WireName, (body: JsonObject, report: LossReport) => Conversation>> = {
  responses: decodeResponsesRequest,
  'chat-completions': decodeChatRequest,
  messages: decodeMessagesRequest,
}

/** What a request means to whoever reads its protocol; nothing may be left out or refused. */
function read(wire: WireName, body: JsonObject) {
  const report = new LossReport()
  const conversation = DECODE[wire](body, report)
  expect(report.refusal).toBeUndefined()
  return meaningOf(conversation)
}

function translated(from: WireName, to: WireName, body: JsonObject): JsonObject {
  const told = translateRequest(from, to, body)
  if ('refused' in told) throw new Error(told.refused.message)
  // Those are the protocols' own: `store` and the usage chunk.
  expect(told.dropped.filter((each) => each !== 'store' && each !== 'stream_options')).toEqual([])
  return told.body
}

describe.each(WIRES)('a request of %s', (wire) => {
  it('means what it was written for', () => {
    fc.assert(
      fc.property(canonicalConversations, (conversation) => {
        expect(read(wire, ENCODE[wire](conversation))).toEqual(meaningOf(conversation))
      }),
      { numRuns: 150 },
    )
  })
})

describe.each(PAIRS)('a request of %s in %s', (from, to) => {
  it('means the same, and so does what comes back', () => {
    fc.assert(
      fc.property(canonicalConversations, (conversation) => {
        const there = translated(from, to, ENCODE[from](conversation))
        expect(read(to, there)).toEqual(meaningOf(conversation))
        expect(read(from, translated(to, from, there))).toEqual(meaningOf(conversation))
      }),
      { numRuns: 150 },
    )
  })
})

const FACTS = {
  createdAt: 1_800_000_000,
  names: new ToolNames({ model: 'm', stream: true, system: [], turns: [], tools: [], stop: [], includeUsage: true }),
  includeUsage: true,
}

/** What a stream says, piece by piece put together. */
function saidIn(wire: WireName, bytes: Uint8Array) {
  const decoder = DECODE_STREAM[wire]()
  const deltas = framesOf(bytes).flatMap(({ event }): readonly Delta[] =>
    event === undefined ? [] : decoder.take(event),
  )
  const parts = new Map<string, { type: string; id?: string; name?: string; text: string }>()
  let stop: string | undefined
  let usage: unknown
  for (const delta of deltas) {
    if (delta.kind === 'call')
      parts.set(delta.part, {
        type: 'tool_call',
        id: delta.id,
        name: delta.name,
        text: parts.get(delta.part)?.text ?? '',
      })
    else if (delta.kind === 'stop') stop = delta.reason
    else if (delta.kind === 'usage') ({ usage } = delta)
    else if ('text' in delta) {
      const known = parts.get(delta.part) ?? { type: delta.kind, text: '' }
      parts.set(delta.part, { ...known, text: known.text + delta.text })
    }
  }
  return { parts: [...parts.values()], stop, usage }
}

describe.each(recordedStreams())('$name', ({ wire, bytes }) => {
  it('says the same in every other protocol and on the way back, and ends well only where it did', () => {
    const original = watchStream(wire, bytes)
    for (const to of WIRES) {
      if (to === wire) continue
      const there = new StreamTranslation(wire, to, FACTS)
      if (original.kind === 'failure') {
        // Whoever carries it tells the failure itself, in the place of the event that was one: up to there nothing may look like an end.
        const broken = original.meanings.indexOf('failure')
        const good = framesOf(bytes).slice(0, broken === -1 ? undefined : broken)
        const pushed = there.push(Buffer.concat(good.map((frame) => frame.raw)))
        expect(watchStream(to, Buffer.from(pushed)).kind).toBe('failure')
        continue
      }
      const pushed = there.push(bytes)
      const stream = Buffer.from(pushed + there.finish())
      // An answer without a word is one in Messages; in the others it would not be taken for one.
      if (original.visible) expect(watchStream(to, stream).kind).toBe('complete')
      expect(saidIn(to, stream)).toEqual(saidIn(wire, bytes))
      const back = new StreamTranslation(to, wire, FACTS)
      const returned = Buffer.from(back.push(stream) + back.finish())
      if (original.visible) expect(watchStream(wire, returned).kind).toBe('complete')
      expect(saidIn(wire, returned)).toEqual(saidIn(wire, bytes))
    }
  })
})
