import type { ServerResponse } from 'node:http'
import type { RelayAnswer } from '../relay/call.ts'

/**
 * Sends an answer as fast as the client reads it; a client that leaves cancels the upstream at once.
 * Resolves when everything has been handed to the socket or the client is gone.
 * @param lastWords what an event stream still has to be told when it was cut by us
 */
export async function writeAnswer(
  response: ServerResponse,
  answer: RelayAnswer,
  lastWords: () => Promise<Uint8Array | undefined>,
): Promise<void> {
  const body = answer.body[Symbol.asyncIterator]()
  const client = new Departure(response, () => void body.return?.())
  try {
    if (answer.whole === true) return await writeWhole(response, answer, body, client)
    const headers = flat(answer)
    // Proxies in between must not collect events.
    if (isEventStream(answer)) headers.push('x-accel-buffering', 'no')
    response.writeHead(answer.status, headers)
    // The first event is mostly there already: then one write holds both.
    const flush = setImmediate(() => response.flushHeaders())
    for (;;) {
      const next = await client.orGone(body.next())
      if (next === 'gone') return
      if (next.done === true) break
      clearImmediate(flush)
      // A slow reader holds the upstream back: nothing piles up here.
      if (!response.write(next.value) && (await client.orGone(drained(response))) === 'gone') return
    }
    clearImmediate(flush)
    const words = await lastWords()
    if (words !== undefined) {
      if (!isEventStream(answer)) return void response.destroy()
      response.write(words)
    }
    await client.orGone(new Promise<void>((resolve) => response.end(resolve)))
  } finally {
    await body.return?.()
  }
}

/** Head, length and body in one write, behind the answer's end: whoever has read it may rely on a free place and a told story, in any process. */
async function writeWhole(
  response: ServerResponse,
  answer: RelayAnswer,
  body: AsyncIterator<Uint8Array>,
  client: Departure,
): Promise<void> {
  const piece = await body.next()
  const bytes = piece.done === true ? NO_BYTES : piece.value
  if (piece.done !== true) await body.next()
  const headers = flat(answer)
  headers.push('content-length', String(bytes.length))
  response.writeHead(answer.status, headers)
  await client.orGone(new Promise<void>((resolve) => response.end(bytes, resolve)))
}

const NO_BYTES = new Uint8Array(0)

/** Names and values in turns, as node:http writes them without looking at each. */
function flat({ headers }: RelayAnswer): string[] {
  const list: string[] = []
  for (const [name, value] of headers) list.push(name, value)
  return list
}

function isEventStream({ headers }: RelayAnswer): boolean {
  return headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value.startsWith('text/event-stream'))
}

/**
 * A client that may leave at any moment. Not one promise raced against each chunk: it would keep every chunk of the answer
 * until the client is gone, and a long stream fill the memory.
 */
class Departure {
  #left: boolean
  #tell: (() => void) | undefined

  constructor(response: ServerResponse, onLeave: () => void) {
    this.#left = response.destroyed
    response.once('close', () => {
      this.#left = true
      if (!response.writableFinished) onLeave()
      this.#tell?.()
    })
  }

  /** What comes first: the promise's end, or the client's. */
  orGone<T>(promise: Promise<T>): Promise<T | 'gone'> {
    return new Promise<T | 'gone'>((resolve, reject) => {
      if (this.#left) {
        resolve('gone')
        return
      }
      this.#tell = () => resolve('gone')
      promise.then(resolve, reject)
    })
  }
}

function drained(response: ServerResponse): Promise<'drained'> {
  return new Promise((resolve) => response.once('drain', () => resolve('drained')))
}
