import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Evidence } from '../../src/failure/evidence.ts'
import { chatAnswers } from '../../src/simulator/chat-answers.ts'
import { messagesAnswers } from '../../src/simulator/messages-answers.ts'
import { responsesAnswers } from '../../src/simulator/responses-answers.ts'
import type { AnswerWriter, SimulatedAnswer } from '../../src/simulator/simulated-answer.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { type Sent, streamOf } from './watch-stream.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url))
const WRITERS: Readonly<Record<WireName, AnswerWriter>> = {
  responses: responsesAnswers,
  'chat-completions': chatAnswers,
  messages: messagesAnswers,
}
const TOLD = { id: '1', model: 'gpt-5.5', nowMs: 1_800_000_000_000, includeUsage: true }

export interface RecordedStream {
  readonly name: string
  readonly wire: WireName
  readonly bytes: Buffer
}

/** A good answer of a wire, as a provider streams it. */
export function goodStream(wire: WireName): Buffer {
  return bytesOf(WRITERS[wire].good({ kind: 'answer', reasoningFirst: true }, TOLD), wire)
}

/** Streams of every ending that a wire has, and every captured stream event in the middle of, and before, an answer. */
export function recordedStreams(): readonly RecordedStream[] {
  return [...ownStreams(), ...capturedStreams()]
}

function ownStreams(): readonly RecordedStream[] {
  return (Object.keys(WRITERS) as WireName[]).flatMap((wire) => {
    const writer = WRITERS[wire]
    const streams: Readonly<Record<string, SimulatedAnswer>> = {
      good: writer.good({ kind: 'answer', text: 'Grüße 😀 漢字', chunks: 4 }, TOLD),
      'good after silent reasoning': writer.good({ kind: 'answer', reasoningFirst: true }, TOLD),
      'a tool call': writer.good({ kind: 'answer', toolCall: { name: 'f', arguments: '{"a":"\\n"}' } }, TOLD),
      incomplete: writer.incomplete({ kind: 'incomplete' } as never, TOLD),
      empty: writer.empty(TOLD),
    }
    return Object.entries(streams).map(([name, answer]) => ({
      name: `${wire}: ${name}`,
      wire,
      bytes: bytesOf(answer, wire),
    }))
  })
}

function capturedStreams(): readonly RecordedStream[] {
  return readdirSync(FIXTURES).flatMap((provider) =>
    readdirSync(join(FIXTURES, provider)).flatMap((file): RecordedStream[] => {
      const { evidence } = JSON.parse(readFileSync(join(FIXTURES, provider, file), 'utf8')) as {
        readonly evidence?: Evidence
      }
      if (evidence?.channel !== 'event' || evidence.body === undefined) return []
      const wire = evidence.api in WRITERS ? (evidence.api as WireName) : 'chat-completions'
      const name = `${provider}/${file}`
      const event = streamOf([
        { ...(evidence.eventName === undefined ? {} : { event: evidence.eventName }), data: evidence.body },
      ])
      const good = goodStream(wire)
      const middle = good.indexOf('\n\n', good.length / 2) + 2
      return [
        { name: `${name} at once`, wire, bytes: event },
        { name: `${name} in the middle`, wire, bytes: Buffer.concat([good.subarray(0, middle), event]) },
      ]
    }),
  )
}

function bytesOf({ events }: SimulatedAnswer, wire: WireName): Buffer {
  const sent = events.map(({ event, data }): Sent => ({ ...(event === undefined ? {} : { event }), data }))
  const bytes = streamOf(sent)
  if (wire !== 'chat-completions' || bytes.includes('[DONE]')) return bytes
  return Buffer.concat([bytes, Buffer.from('data: [DONE]\n\n')])
}
