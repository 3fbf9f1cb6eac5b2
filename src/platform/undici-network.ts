import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { HeaderList, Network, NetworkAnswer, NetworkRequest, NetworkTimeouts } from './network.ts'

/** Idle upstream connections are kept this long, ms: most providers close theirs after 5 to 60 s of silence. */
const KEEP_ALIVE_MS = 4_000

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/**
 * The network through undici's dispatcher: no redirects, no automatic retries, first-byte and idle timers left to the caller
 * (undici's own are coarse and would count a slow client's backpressure as silence).
 */
export function undiciNetwork(): Network {
  const agents = new Map<string, Dispatcher>()

  const agentFor = (connectMs: number, proxy: string | undefined): Dispatcher => {
    const name = `${connectMs} ${proxy ?? ''}`
    let agent = agents.get(name)
    if (agent === undefined) {
      const options = {
        connect: { timeout: connectMs },
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE_MS,
        pipelining: 1,
      }
      agent = proxy === undefined ? new Agent(options) : new ProxyAgent({ uri: proxy, ...options })
      agents.set(name, agent)
    }
    return agent
  }

  return {
    async send(request: NetworkRequest, timeouts: NetworkTimeouts, signal: AbortSignal): Promise<NetworkAnswer> {
      const url = new URL(request.url)
      const answer = await agentFor(timeouts.connectMs, request.proxy).request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method as Dispatcher.HttpMethod,
        headers: request.headers.flat(),
        body: request.body ?? null,
        signal,
        responseHeaders: 'raw',
      })
      const headers = pairs(answer.headers as unknown as readonly string[])
      return { status: answer.statusCode, headers, body: decoded(answer.body, headers) }
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
      agents.clear()
    },
  }
}

function pairs(raw: readonly string[]): HeaderList {
  const list: Array<readonly [string, string]> = []
  for (let index = 0; index + 1 < raw.length; index += 2) list.push([raw[index] ?? '', raw[index + 1] ?? ''])
  return list
}

/** Undoes a content-encoding that an upstream applied although none was asked for. */
function decoded(body: Dispatcher.ResponseData['body'], headers: HeaderList): AsyncIterable<Uint8Array> {
  const encoding = headers
    .find(([name]) => name.toLowerCase() === 'content-encoding')?.[1]
    .trim()
    .toLowerCase()
  const decoder = encoding === undefined ? undefined : DECODERS[encoding]?.()
  if (decoder === undefined) return body
  // Both ways: a cut upstream must end the decoder, and a caller who stops reading must cut the upstream.
  body.on('error', (error) => decoder.destroy(error))
  decoder.on('close', () => body.destroy())
  return body.pipe(decoder)
}
