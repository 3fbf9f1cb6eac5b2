import type { WireName } from '../../src/wire/wire.ts'

export const PATHS: Readonly<Record<WireName, string>> = {
  responses: '/v1/responses',
  'chat-completions': '/v1/chat/completions',
  messages: '/v1/messages',
}

/** A small request in each protocol. */
export function requestBody(
  wire: WireName,
  stream: boolean,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const base = { model: 'gpt-5.5', stream, ...more }
  if (wire === 'responses') return { ...base, input: 'hello' }
  const messages = [{ role: 'user', content: 'hello' }]
  return wire === 'messages' ? { ...base, max_tokens: 64, messages } : { ...base, messages }
}

/** What a careful client concludes from an answer. */
export interface Reading {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Visible text of the answer. */
  readonly said: string
  /** `complete`: the wire's own end was there · `error`: the wire's own error was · `broken`: neither, or both. */
  readonly ending: 'complete' | 'error' | 'broken'
  /** The error object, from a body or a stream. */
  readonly error: Readonly<Record<string, unknown>> | undefined
}

export async function ask(
  url: string,
  wire: WireName,
  stream: boolean,
  options: {
    readonly body?: Record<string, unknown>
    readonly headers?: Record<string, string>
    readonly signal?: AbortSignal
    readonly path?: string
    /** @default the global one */
    readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  } = {},
): Promise<Reading> {
  const response = await (options.fetch ?? fetch)(url + (options.path ?? PATHS[wire]), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...options.headers },
    body: JSON.stringify(options.body ?? requestBody(wire, stream)),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  const read = type.startsWith('text/event-stream') ? readStream(wire, text) : readBody(wire, text, response.ok)
  return { status: response.status, headers: response.headers, text, ...read }
}

export type Read = Pick<Reading, 'said' | 'ending' | 'error'>
type Json = Readonly<Record<string, unknown>>

/** Walks into parsed JSON without trusting it. */
function at(value: unknown, ...path: ReadonlyArray<string | number>): unknown {
  let current = value
  for (const step of path) current = (current as Record<string | number, unknown> | undefined | null)?.[step]
  return current
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

export function readBody(wire: WireName, text: string, ok: boolean): Read {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return { said: '', ending: 'broken', error: undefined }
  }
  const error = at(body, 'error') as Json | undefined
  if (!ok) return { said: '', ending: error === undefined ? 'broken' : 'error', error }
  if (wire === 'responses') {
    const parts = list(at(body, 'output')).flatMap((item) => list(at(item, 'content')))
    const complete = at(body, 'status') === 'completed'
    return {
      said: parts.map((part) => textOf(at(part, 'text'))).join(''),
      ending: complete ? 'complete' : 'broken',
      error: undefined,
    }
  }
  if (wire === 'messages') {
    const said = list(at(body, 'content'))
      .map((part) => textOf(at(part, 'text')))
      .join('')
    return { said, ending: at(body, 'stop_reason') === 'end_turn' ? 'complete' : 'broken', error: undefined }
  }
  const choice = at(body, 'choices', 0)
  return {
    said: textOf(at(choice, 'message', 'content')),
    ending: at(choice, 'finish_reason') === 'stop' ? 'complete' : 'broken',
    error: undefined,
  }
}

export function readStream(wire: WireName, text: string): Read {
  let said = ''
  let complete = false
  let error: Json | undefined
  let done = false
  let finished = false
  for (const frame of text.split('\n\n')) {
    const data = frame
      .split('\n')
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(5).trim())
      .join('\n')
    if (data === '') continue
    if (data === '[DONE]') {
      done = true
      continue
    }
    const event: unknown = JSON.parse(data)
    const type = at(event, 'type')
    if (wire === 'responses') {
      if (type === 'response.output_text.delta') said += textOf(at(event, 'delta'))
      if (type === 'response.completed') complete = true
      if (type === 'response.failed') error = at(event, 'response', 'error') as Json
    } else if (wire === 'messages') {
      if (type === 'content_block_delta') said += textOf(at(event, 'delta', 'text'))
      if (type === 'message_stop') complete = true
      if (type === 'error') error = at(event, 'error') as Json
    } else {
      said += textOf(at(event, 'choices', 0, 'delta', 'content'))
      if (typeof at(event, 'choices', 0, 'finish_reason') === 'string') finished = true
      if (at(event, 'error') !== undefined) error = at(event, 'error') as Json
    }
  }
  if (wire === 'chat-completions') complete = finished && done
  const ending = complete === (error !== undefined) ? 'broken' : complete ? 'complete' : 'error'
  return { said, ending, error }
}
