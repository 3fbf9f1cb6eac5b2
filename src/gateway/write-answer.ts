import type { ServerResponse } from 'node:http'
import type { RelayAnswer } from '../relay/call.ts'

/**
 * Sends an answer as fast as the client reads it; a client that leaves cancels the upstream at once.
 * Resolves when everything has been handed to the socket or the client is gone.
 */
export async function writeAnswer(response: ServerResponse, answer: RelayAnswer): Promise<void> {
  const body = answer.body[Symbol.asyncIterator]()
  const gone = new Promise<'gone'>((resolve) => {
    if (response.destroyed) resolve('gone')
    response.once('close', () => resolve('gone'))
  })
  try {
    response.statusCode = answer.status
    for (const [name, value] of answer.headers) response.appendHeader(name, value)
    if (String(response.getHeader('content-type') ?? '').startsWith('text/event-stream')) {
      // Proxies in between must not collect events.
      response.setHeader('x-accel-buffering', 'no')
      response.flushHeaders()
    }
    for (;;) {
      const next = await Promise.race([body.next(), gone])
      if (next === 'gone') return
      if (next.done === true) break
      // A slow reader holds the upstream back: nothing piles up here.
      if (!response.write(next.value) && (await Promise.race([drained(response), gone])) === 'gone') return
    }
    await new Promise<void>((resolve) => {
      response.end(resolve)
      void gone.then(() => resolve())
    })
  } finally {
    await body.return?.()
  }
}

function drained(response: ServerResponse): Promise<'drained'> {
  return new Promise((resolve) => response.once('drain', () => resolve('drained')))
}
