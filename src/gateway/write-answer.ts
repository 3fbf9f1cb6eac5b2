import type { ServerResponse } from 'node:http'
import type { RelayAnswer } from '../relay/call.ts'

/**
 * Sends an answer as fast as the client reads it; a client that leaves cancels the upstream at once.
 * Resolves when everything has been handed to the socket or the client is gone.
 */
export async function writeAnswer(response: ServerResponse, answer: RelayAnswer): Promise<void> {
  const body = answer.body[Symbol.asyncIterator]()
  const client = new Departure(response)
  try {
    response.statusCode = answer.status
    for (const [name, value] of answer.headers) response.appendHeader(name, value)
    if (String(response.getHeader('content-type') ?? '').startsWith('text/event-stream')) {
      // Proxies in between must not collect events.
      response.setHeader('x-accel-buffering', 'no')
      response.flushHeaders()
    }
    for (;;) {
      const next = await client.orGone(body.next())
      if (next === 'gone') return
      if (next.done === true) break
      // A slow reader holds the upstream back: nothing piles up here.
      if (!response.write(next.value) && (await client.orGone(drained(response))) === 'gone') return
    }
    await client.orGone(new Promise<void>((resolve) => response.end(resolve)))
  } finally {
    await body.return?.()
  }
}

/**
 * A client that may leave at any moment. Not one promise raced against each chunk: it would keep every chunk of the answer
 * until the client is gone, and a long stream fill the memory.
 */
class Departure {
  #left: boolean
  #tell: (() => void) | undefined

  constructor(response: ServerResponse) {
    this.#left = response.destroyed
    response.once('close', () => {
      this.#left = true
      this.#tell?.()
    })
  }

  /** What comes first: the promise's end, or the client's. */
  async orGone<T>(promise: Promise<T>): Promise<T | 'gone'> {
    try {
      return await new Promise<T | 'gone'>((resolve, reject) => {
        if (this.#left) resolve('gone')
        this.#tell = () => resolve('gone')
        promise.then(resolve, reject)
      })
    } finally {
      this.#tell = undefined
    }
  }
}

function drained(response: ServerResponse): Promise<'drained'> {
  return new Promise((resolve) => response.once('drain', () => resolve('drained')))
}
