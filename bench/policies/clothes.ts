import type { HeaderList, NetworkAnswer } from '../../src/platform/network.ts'

/** What the world answers with: the payloads of the Codex backend and the public API, in the forms in which they were captured. */

const ENCODER = new TextEncoder()
const SSE: HeaderList = [['content-type', 'text/event-stream']]
const JSON_TYPE: HeaderList = [['content-type', 'application/json']]

/** Events of one stream, in one chunk. */
function stream(events: ReadonlyArray<Readonly<Record<string, unknown>>>, headers: HeaderList = []): NetworkAnswer {
  const text = events.map((data) => `event: ${String(data['type'])}\ndata: ${JSON.stringify(data)}\n\n`).join('')
  return { status: 200, headers: [...SSE, ...headers], body: once(text) }
}

export function jsonAnswer(status: number, body: unknown, headers: HeaderList = []): NetworkAnswer {
  return { status, headers: [...JSON_TYPE, ...headers], body: once(JSON.stringify(body)) }
}

// biome-ignore lint/suspicious/useAwait: an async generator by contract
async function* once(text: string): AsyncGenerator<Uint8Array, void, void> {
  yield ENCODER.encode(text)
}

const CREATED = {
  type: 'response.created',
  response: { id: 'resp_1', object: 'response', status: 'in_progress', output: [] },
}

/** A whole answer. */
export function goodAnswer(headers: HeaderList): NetworkAnswer {
  const item = { id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'done' }] }
  return stream(
    [
      CREATED,
      { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'done' },
      {
        type: 'response.completed',
        response: { id: 'resp_1', object: 'response', status: 'completed', output: [item] },
      },
    ],
    headers,
  )
}

/** HTTP 200 whose stream says that it failed. */
export function failedStream(error: Readonly<Record<string, unknown>>, headers: HeaderList = []): NetworkAnswer {
  return stream(
    [
      CREATED,
      { type: 'response.failed', response: { id: 'resp_1', object: 'response', status: 'failed', error, output: [] } },
    ],
    headers,
  )
}

/** HTTP 200 with an `error` event. */
export function errorEvent(error: Readonly<Record<string, unknown>>, headers: HeaderList = []): NetworkAnswer {
  return stream([CREATED, { type: 'error', ...error }], headers)
}

/** HTTP 200, one JSON document with `status: "failed"` although a stream was asked for. */
export function failedDocument(error: Readonly<Record<string, unknown>>, headers: HeaderList = []): NetworkAnswer {
  return jsonAnswer(200, { id: 'resp_1', object: 'response', status: 'failed', error, output: [] }, headers)
}

/** A stream that ends without its terminal event, before anything was shown. */
export function cutStream(): NetworkAnswer {
  return stream([CREATED])
}

/** The connection breaks before the answer. */
export function connectionReset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
}
