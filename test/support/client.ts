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
  } = {},
): Promise<Reading> {
  const response = await fetch(url + (options.path ?? PATHS[wire]), {
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

type Read = Pick<Reading, 'said' | 'ending' | 'error'>
type Json = Record<string, any>

function readBody(wire: WireName, text: string, ok: boolean): Read {
  let body: Json
  try {
    body = JSON.parse(text) as Json
  } catch {
    return { said: '', ending: 'broken', error: undefined }
  }
  if (!ok)
    return {
      said: '',
      ending: body['error'] === undefined ? 'broken' : 'error',
      error: body['error'] as Json | undefined,
    }
  const said: unknown =
    wire === 'responses'
      ? (body['output'] as Json[])
          .flatMap((item) => (item['content'] as Json[] | undefined) ?? [])
          .map((part) => String(part['text']))
          .join('')
      : wire === 'messages'
        ? (body['content'] as Json[]).map((part) => String(part['text'])).join('')
        : body['choices'][0].message.content
  const complete =
    wire === 'responses'
      ? body['status'] === 'completed'
      : wire === 'messages'
        ? body['stop_reason'] === 'end_turn'
        : body['choices'][0].finish_reason === 'stop'
  return { said: String(said), ending: complete ? 'complete' : 'broken', error: undefined }
}

function readStream(wire: WireName, text: string): Read {
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
    const event = JSON.parse(data) as Json
    if (wire === 'responses') {
      if (event['type'] === 'response.output_text.delta') said += String(event['delta'])
      if (event['type'] === 'response.completed') complete = true
      if (event['type'] === 'response.failed') error = event['response'].error as Json
    } else if (wire === 'messages') {
      if (event['type'] === 'content_block_delta') said += String(event['delta'].text ?? '')
      if (event['type'] === 'message_stop') complete = true
      if (event['type'] === 'error') error = event['error'] as Json
    } else {
      said += String(event['choices']?.[0]?.delta?.content ?? '')
      if (typeof event['choices']?.[0]?.finish_reason === 'string') finished = true
      if (event['error'] !== undefined) error = event['error'] as Json
    }
  }
  if (wire === 'chat-completions') complete = finished && done
  const ending = complete === (error !== undefined) ? 'broken' : complete ? 'complete' : 'error'
  return { said, ending, error }
}
