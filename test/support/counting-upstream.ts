import { createServer, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'

export interface CountingUpstream {
  readonly url: string
  /** Most requests that were in flight at once, by token. */
  readonly most: ReadonlyMap<string, number>
  /** When each request of a token arrived, epoch ms. */
  readonly arrivals: ReadonlyMap<string, readonly number[]>
  /** Waits until a request has arrived for this token (again). */
  arrived(token: string): Promise<void>
  /** Tokens whose requests are never answered from now on. */
  readonly hanging: Set<string>
  /** Answers all held requests. */
  release(): void
}

/**
 * An OpenAI-like upstream that counts what is in flight. Every answer is held until `together` requests are there or nothing else comes,
 * so that calls overlap without a clock.
 * @param together how many requests are gathered before they are answered. @default 1: each at once
 */
export async function countingUpstream(together = 1): Promise<CountingUpstream> {
  const inFlight = new Map<string, number>()
  const most = new Map<string, number>()
  const arrivals = new Map<string, number[]>()
  const waiting = new Map<string, () => void>()
  const hanging = new Set<string>()
  let held: { readonly token: string; readonly response: ServerResponse }[] = []
  const answer = () => {
    const now = held
    held = []
    for (const { token, response } of now) {
      inFlight.set(token, (inFlight.get(token) ?? 1) - 1)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(ANSWER)
    }
  }
  const server = createServer((request, response) => {
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
    request.resume()
    const count = (inFlight.get(token) ?? 0) + 1
    inFlight.set(token, count)
    most.set(token, Math.max(most.get(token) ?? 0, count))
    arrivals.set(token, [...(arrivals.get(token) ?? []), Date.now()])
    waiting.get(token)?.()
    if (hanging.has(token)) {
      response.on('close', () => inFlight.set(token, (inFlight.get(token) ?? 1) - 1))
      return
    }
    held.push({ token, response })
    // The pause lets others arrive; what is proven does not depend on how long it is.
    if (held.length >= together) answer()
    else setImmediate(() => setTimeout(answer, 5))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`,
    most,
    arrivals,
    hanging,
    arrived: (token) =>
      new Promise((resolve) => {
        waiting.set(token, resolve)
      }),
    release: answer,
  }
}

const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-5.5',
  choices: [{ index: 0, message: { role: 'assistant', content: 'The answer is 42.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
})
