import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { JsonObject } from '../../src/wire/json.ts'
import type { WireName } from '../../src/wire/wire.ts'

const FOLDER = new URL('../transcripts/', import.meta.url)

/** A session of a real client over a provider of another protocol, request by request. */
export interface Transcript {
  readonly client: string
  readonly wire: WireName
  readonly provider: string
  readonly upstreamWire: WireName
  readonly requests: readonly TranscriptRequest[]
}

export interface TranscriptRequest {
  /** What the client sent. */
  readonly asked: JsonObject
  /** What reached the provider. */
  readonly sent: JsonObject
}

const LONGEST_KEPT = 40
/** Facts of the machine are no business of a fixture. */
const OF_A_MACHINE = /\/(?:tmp|home|root|usr|work|var)\b|[0-9a-f]{8}-[0-9a-f]{4}|\d{4}-\d{2}-\d{2}/i
const AS_BEFORE = 'as before'

/** @param name of the file, without its end */
export function keepTranscript(name: string, transcript: Transcript): void {
  const requests = transcript.requests.map(({ asked, sent }, at) => {
    const before = transcript.requests[at - 1]
    return { asked: short(asked, before?.asked), sent: short(sent, before?.sent) }
  })
  writeFileSync(new URL(`${name}.json`, FOLDER), `${JSON.stringify({ ...transcript, requests })}\n`)
}

export function transcripts(): ReadonlyArray<readonly [name: string, transcript: Transcript]> {
  return readdirSync(FOLDER)
    .sort()
    .map((file) => [file, readTranscript(file)] as const)
}

function readTranscript(file: string): Transcript {
  const kept = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Transcript
  const requests: TranscriptRequest[] = []
  for (const { asked, sent } of kept.requests) {
    const before = requests.at(-1)
    requests.push({ asked: whole(asked, before?.asked), sent: whole(sent, before?.sent) })
  }
  return { ...kept, requests }
}

/** Tools are most of a request, and mostly those of the request before. */
function short(body: JsonObject, before: JsonObject | undefined): JsonObject {
  const same = before !== undefined && isDeepStrictEqual(body['tools'], before['tools'])
  return masked(same ? { ...body, tools: AS_BEFORE } : body) as JsonObject
}

function whole(body: JsonObject, before: JsonObject | undefined): JsonObject {
  return body['tools'] === AS_BEFORE ? { ...body, tools: before?.['tools'] } : body
}

/** Words of the client's makers go, form stays. Arguments of tools are ours. @param keys from the request down to here */
function masked(value: unknown, keys: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((each) => masked(each, keys))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, masked(each, [...keys, key])]))
  if (typeof value !== 'string' || keys.at(-1) === 'arguments') return value
  const isProse = keys.includes('tools') && keys.at(-1) === 'description'
  const isHidden = isProse || value.length > LONGEST_KEPT || OF_A_MACHINE.test(value)
  return isHidden ? `a text of ${value.length} characters` : value
}
