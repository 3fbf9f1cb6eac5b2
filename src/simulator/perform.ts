import type { ServerResponse } from 'node:http'
import type { Timers } from '../platform/timers.ts'
import { encodeSse } from '../wire/sse.ts'
import type { WireName } from '../wire/wire.ts'
import { ANSWERS } from './answers.ts'
import type { Moment, Step } from './scenario.ts'
import type { SimulatedAnswer, SimulatedEvent, Told } from './simulated-answer.ts'

export interface Stage {
  readonly wire: WireName
  readonly stream: boolean
  readonly told: Told
  /** Announced on every answer. */
  readonly headers: Readonly<Record<string, string>>
  readonly timers: Timers
}

type Headers = Readonly<Record<string, string>>
type End = 'end' | 'cut' | 'reset' | 'hang'

const EVENT_STREAM: Headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
const JSON_BODY: Headers = { 'content-type': 'application/json' }
const HTML_PAGE =
  '<!doctype html><html><head><title>Sign in</title></head><body><h1>Hotel network</h1><p>Please sign in.</p></body></html>'
const NOT_JSON = '{"id": 7,,,'

/** Does one step on one response. Resolves when nothing more will be written, or when the caller has left. */
export async function perform(response: ServerResponse, step: Step, on: Stage): Promise<void> {
  const answers = ANSWERS[on.wire]
  // Anthropic names its request id differently, and its SDK reads only that one.
  const requestId = { [on.wire === 'messages' ? 'request-id' : 'x-request-id']: `req_${on.told.id}` }
  const headers = { ...requestId, ...on.headers }
  switch (step.kind) {
    case 'answer':
      return send(response, answers.good(step, on.told), on, { ...headers, ...step.headers }, step.everyMs ?? 0)
    case 'incomplete':
      return send(response, answers.incomplete(step, on.told), on, headers)
    case 'failed':
      return send(response, answers.failed(step, on.told), on, { ...headers, ...step.headers })
    case 'empty':
      if (step.of === 'output') return send(response, answers.empty(on.told), on, headers)
      return whole(response, 200, { ...(on.stream ? EVENT_STREAM : JSON_BODY), ...headers }, '')
    case 'error': {
      const isText = typeof step.body === 'string'
      const body = isText ? (step.body as string) : JSON.stringify(step.body)
      return whole(response, step.status, { ...(isText ? {} : JSON_BODY), ...headers, ...step.headers }, body)
    }
    case 'raw':
      return whole(response, step.status, step.headers, step.body)
    case 'html':
      return whole(response, step.status ?? 200, { 'content-type': 'text/html; charset=utf-8' }, HTML_PAGE)
    case 'malformed': {
      const type = on.stream ? EVENT_STREAM : JSON_BODY
      const body = on.stream ? encodeSse({ data: NOT_JSON }) + encodeSse({ data: NOT_JSON }) : NOT_JSON
      return whole(response, 200, { ...type, ...headers }, body)
    }
    case 'events':
      response.writeHead(200, { ...EVENT_STREAM, ...headers, ...step.headers })
      for (const event of step.events) await write(response, event)
      return finish(response, step.ending ?? 'end')
    case 'cut':
      return broken(response, step.at, step.how === 'reset' ? 'reset' : 'cut', on, headers)
    case 'hang':
      return broken(response, step.at, 'hang', on, headers)
    case 'end_early':
      return broken(response, step.at, 'end', on, headers)
  }
}

function whole(response: ServerResponse, status: number, headers: Headers, body: string): void {
  response.writeHead(status, headers)
  response.end(body)
}

async function send(
  response: ServerResponse,
  answer: SimulatedAnswer,
  on: Stage,
  headers: Headers,
  everyMs = 0,
): Promise<void> {
  const left = new AbortController()
  const onClose = () => left.abort()
  response.once('close', onClose)
  const pause = async () => (everyMs === 0 ? undefined : on.timers.sleep(everyMs, left.signal))
  try {
    if (!on.stream) {
      await pause()
      return whole(response, 200, { ...JSON_BODY, ...headers }, JSON.stringify(answer.body))
    }
    response.writeHead(200, { ...EVENT_STREAM, ...headers })
    for (const event of answer.events) {
      await pause()
      if (response.destroyed) return
      await write(response, event)
    }
    return await finish(response, 'end')
  } finally {
    response.removeListener('close', onClose)
  }
}

/** A good answer that goes wrong at a moment. */
async function broken(response: ServerResponse, at: Moment, how: End, on: Stage, headers: Headers): Promise<void> {
  if (at === 'before_headers') return finish(response, how)
  const answer = ANSWERS[on.wire].good({ kind: 'answer' }, on.told)
  if (on.stream) {
    response.writeHead(200, { ...EVENT_STREAM, ...headers })
    response.flushHeaders()
    for (const event of answer.events.slice(0, eventsBefore(at, answer))) await write(response, event)
    return finish(response, how)
  }
  const text = JSON.stringify(answer.body)
  // Without a content-length a half body can end politely.
  const length = how === 'end' ? {} : { 'content-length': String(Buffer.byteLength(text)) }
  response.writeHead(200, { ...JSON_BODY, ...headers, ...length })
  // A blank is JSON too: the headers are out and a byte has come, but no word of the answer.
  await flushed(response, at === 'before_output' ? ' ' : text.slice(0, Math.floor(text.length / 2)))
  return finish(response, how)
}

function eventsBefore(at: Exclude<Moment, 'before_headers'>, { events }: SimulatedAnswer): number {
  if (typeof at === 'object') return at.afterEvents
  const firstVisible = events.findIndex(({ visible }) => visible === true)
  return at === 'before_output' ? firstVisible : firstVisible + 2
}

function finish(response: ServerResponse, how: End): Promise<void> {
  if (how === 'end') response.end()
  if (how === 'cut') response.destroy()
  if (how === 'reset') response.socket?.resetAndDestroy()
  if (how !== 'hang' || response.destroyed) return Promise.resolve()
  return new Promise((resolve) => response.once('close', resolve))
}

async function write(response: ServerResponse, { event, data }: SimulatedEvent): Promise<void> {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  await flushed(response, encodeSse(event === undefined ? { data: text } : { name: event, data: text }))
}

/** What was written before a cut must have left: a reset drops what still waits in the buffer. */
function flushed(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    // Taken off again: a listener for each event of a long stream would be a leak.
    const settle = () => {
      response.removeListener('close', settle)
      resolve()
    }
    response.once('close', settle)
    response.write(text, settle)
  })
}
