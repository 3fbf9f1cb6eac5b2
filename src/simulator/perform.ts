import type { ServerResponse } from 'node:http'
import { encodeSse } from '../wire/sse.ts'
import type { WireName } from '../wire/wire.ts'
import { failedAnswer, goodAnswer, type SimulatedEvent, type Told } from './answers.ts'
import type { Moment, Step } from './scenario.ts'

interface Performance {
  readonly wire: WireName
  readonly stream: boolean
  readonly told: Told
  /** Announced on every answer. */
  readonly headers: Readonly<Record<string, string>>
}

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
const JSON_BODY = { 'content-type': 'application/json' }

/** Does one step on one response. Resolves when nothing more will be written. */
export async function perform(response: ServerResponse, step: Step, on: Performance): Promise<void> {
  const requestId = { 'x-request-id': `req_${on.told.id}`, ...on.headers }
  switch (step.kind) {
    case 'error': {
      const body = typeof step.body === 'string' ? step.body : JSON.stringify(step.body)
      response.writeHead(step.status, {
        ...(typeof step.body === 'string' ? {} : JSON_BODY),
        ...requestId,
        ...step.headers,
      })
      response.end(body)
      return
    }
    case 'raw':
      response.writeHead(step.status, step.headers)
      response.end(step.body)
      return
    case 'events':
      response.writeHead(200, { ...EVENT_STREAM, ...requestId })
      for (const event of step.events) await write(response, event)
      return finish(response, step.then ?? 'end')
    case 'answer':
    case 'failed': {
      const answer = step.kind === 'answer' ? goodAnswer(on.wire, step, on.told) : failedAnswer(on.wire, step, on.told)
      const headers = { ...requestId, ...step.headers }
      if (on.stream) {
        response.writeHead(200, { ...EVENT_STREAM, ...headers })
        for (const event of answer.events) await write(response, event)
        return finish(response, 'end')
      }
      response.writeHead(200, { ...JSON_BODY, ...headers })
      response.end(JSON.stringify(answer.body))
      return
    }
    case 'cut':
      return broken(response, step.at, 'cut', on, requestId)
    case 'hang':
      return broken(response, step.at, 'hang', on, requestId)
    case 'end_early':
      return broken(response, step.at, 'end', on, requestId)
  }
}

/** A good answer that goes wrong at a moment. */
async function broken(
  response: ServerResponse,
  at: Moment,
  how: 'cut' | 'hang' | 'end',
  on: Performance,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  if (at === 'before_headers') return finish(response, how)
  const answer = goodAnswer(on.wire, { kind: 'answer' }, on.told)
  if (on.stream) {
    response.writeHead(200, { ...EVENT_STREAM, ...headers })
    const firstVisible = answer.events.findIndex(({ visible }) => visible === true)
    const count = at === 'before_output' ? firstVisible : firstVisible + 2
    for (const event of answer.events.slice(0, count)) await write(response, event)
    return finish(response, how)
  }
  const text = JSON.stringify(answer.body)
  // Without a content-length a half body can end politely.
  response.writeHead(200, {
    ...JSON_BODY,
    ...headers,
    ...(how === 'end' ? {} : { 'content-length': Buffer.byteLength(text) }),
  })
  await flushed(response, at === 'before_output' ? ' ' : text.slice(0, Math.floor(text.length / 2)))
  return finish(response, how)
}

function finish(response: ServerResponse, how: 'end' | 'cut' | 'hang'): Promise<void> {
  return new Promise((resolve) => {
    if (how === 'hang') {
      response.once('close', () => resolve())
      return
    }
    if (how === 'cut') response.destroy()
    else response.end()
    resolve()
  })
}

/** What was written before a cut must have left: a reset may drop what still waits in the buffer. */
async function write(response: ServerResponse, { event, data }: SimulatedEvent): Promise<void> {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  await flushed(response, encodeSse(event === undefined ? { data: text } : { name: event, data: text }))
}

function flushed(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    response.write(text, () => resolve())
    response.once('close', () => resolve())
  })
}
