import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/wire/json.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { decodeChatRequest } from '../../src/wire/translate/chat-decode-request.ts'
import type { Conversation } from '../../src/wire/translate/conversation.ts'
import { LossReport } from '../../src/wire/translate/loss-report.ts'
import { decodeMessagesRequest } from '../../src/wire/translate/messages-decode-request.ts'
import { decodeResponsesRequest } from '../../src/wire/translate/responses-decode-request.ts'
import { translateRequest } from '../../src/wire/translate/translate-request.ts'
import { transcripts } from '../support/transcript.ts'

/** Sessions of real clients with tools side by side, over providers of other protocols: recorded by the tests that run them. */

const DECODE = {
  responses: decodeResponsesRequest,
  'chat-completions': decodeChatRequest,
  messages: decodeMessagesRequest,
}

function decoded(wire: WireName, body: JsonObject): Conversation {
  const conversation = DECODE[wire](body, new LossReport())
  if ('refused' in conversation) throw new Error(JSON.stringify(conversation))
  return conversation
}

/** Calls and results in order, with what pairs them. Results may come in any order of their own. */
function toolsOf(conversation: Conversation) {
  const parts = conversation.turns.flatMap((turn) => turn.parts)
  const calls = parts.flatMap((part) => (part.type === 'tool_call' ? [part] : []))
  const results = parts.flatMap((part) => (part.type === 'tool_result' ? [part.id] : []))
  return {
    calls: calls.map(({ name, input }) => ({ name, input: JSON.parse(input) as unknown })),
    ids: calls.map(({ id }) => id),
    results: results.toSorted(),
  }
}

const withCalls = ({ turns }: Conversation) =>
  turns.map(({ parts }) => parts.filter(({ type }) => type === 'tool_call').length).filter((count) => count > 0)

describe.each(transcripts())('%s', (_file, { wire, upstreamWire, requests }) => {
  it('is a session of three turns, whose first has two tools side by side', () => {
    expect(requests).toHaveLength(3)
    const [, second, last] = requests.map(({ asked }) => decoded(wire, asked))
    expect(toolsOf(second as Conversation).calls).toHaveLength(2)
    expect(withCalls(last as Conversation).reduce((sum, count) => sum + count)).toBe(3)
  })

  it.each(requests.map((each, at) => [at + 1, each] as const))(
    'request %i: the provider gets every call and every result, paired',
    (_number, { asked, sent }) => {
      const [given, got] = [toolsOf(decoded(wire, asked)), toolsOf(decoded(upstreamWire, sent))]
      expect(got.calls).toEqual(given.calls)
      expect(got.results).toEqual(got.ids.toSorted())
      expect(new Set(got.ids).size).toBe(got.ids.length)
      expect(given.results).toEqual(given.ids.toSorted())
    },
  )

  it.each(requests.map((each, at) => [at + 1, each] as const))(
    'request %i: is translated today as it was when it was recorded',
    (_number, { asked, sent }) => {
      const told = translateRequest(wire, upstreamWire, asked, undefined)
      if ('refused' in told) throw new Error(JSON.stringify(told.refused))
      const [now, then] = [decoded(upstreamWire, told.body), decoded(upstreamWire, sent)]
      expect(toolsOf(now)).toEqual(toolsOf(then))
      expect(now.tools.map(({ name }) => name)).toEqual(then.tools.map(({ name }) => name))
      expect(now.turns.map(({ role }) => role)).toEqual(then.turns.map(({ role }) => role))
      expect(withCalls(now)).toEqual(withCalls(then))
    },
  )
})
