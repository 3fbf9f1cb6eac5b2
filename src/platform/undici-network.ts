import { Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { Agent, type Dispatcher, errors, ProxyAgent } from 'undici'
import type { CutSignal, HeaderList, Network, NetworkAnswer, NetworkRequest, NetworkTimeouts } from './network.ts'
import { UpstreamBody } from './upstream-body.ts'

/** Idle upstream connections are kept this long, ms: most providers close theirs after 5 to 60 s of silence. */
const KEEP_ALIVE_MS = 4_000
/** Addresses already taken apart: a configuration has few, but a query of the caller's own makes a new one. */
const MOST_ADDRESSES = 256

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/**
 * The network through undici's dispatcher: no redirects, no automatic retries, first-byte and idle timers left to the caller
 * (undici's own are coarse and would count a slow client's backpressure as silence). The dispatcher is driven by callbacks:
 * `request()` builds a node:stream and a resource for each call and reaches two thirds of it.
 */
export function undiciNetwork(): Network {
  const agents = new Map<string, Dispatcher>()
  const addresses = new Map<string, { readonly origin: string; readonly path: string }>()

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

  const addressOf = (text: string) => {
    const known = addresses.get(text)
    if (known !== undefined) return known
    const url = new URL(text)
    const address = { origin: url.origin, path: url.pathname + url.search }
    if (addresses.size >= MOST_ADDRESSES) addresses.clear()
    addresses.set(text, address)
    return address
  }

  return {
    send(request: NetworkRequest, timeouts: NetworkTimeouts, signal: CutSignal): Promise<NetworkAnswer> {
      return new Promise((resolve, reject) => {
        const { origin, path } = addressOf(request.url)
        const options = {
          origin,
          path,
          method: request.method as Dispatcher.HttpMethod,
          headers: flat(request.headers),
          body: request.body ?? null,
        }
        agentFor(timeouts.connectMs, request.proxy).dispatch(options, new Exchange(signal, resolve, reject))
      })
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
      agents.clear()
    },
  }
}

/** One request and its answer, as undici's dispatcher tells it. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #signal: CutSignal
  readonly #resolve: (answer: NetworkAnswer) => void
  readonly #reject: (error: Error) => void
  readonly #onCut = () => this.#cut()
  #abort: ((error: Error) => void) | undefined
  #body: UpstreamBody | undefined

  constructor(signal: CutSignal, resolve: (answer: NetworkAnswer) => void, reject: (error: Error) => void) {
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    signal.addEventListener('abort', this.#onCut)
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort
    if (this.#signal.aborted) this.#cut()
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    // 100 and 103 are not the answer.
    if (status < 200) return true
    const headers = pairs(raw)
    const body = new UpstreamBody({ resume, cut: this.#onCut })
    this.#body = body
    this.#resolve({ status, headers, body: decoded(body, headers) })
    return true
  }

  onData(chunk: Buffer): boolean {
    return this.#body?.push(chunk) ?? true
  }

  onComplete(): void {
    this.#signal.removeEventListener('abort', this.#onCut)
    this.#body?.end()
  }

  onError(error: Error): void {
    this.#signal.removeEventListener('abort', this.#onCut)
    if (this.#body === undefined) this.#reject(error)
    else this.#body.fail(error)
  }

  #cut(): void {
    const error = new errors.RequestAbortedError()
    // While no connection is there yet, nobody but us can tell; undici learns of it when it connects.
    if (this.#abort === undefined) this.#reject(error)
    else this.#abort(error)
  }
}

function flat(headers: HeaderList): string[] {
  const list: string[] = []
  for (const [name, value] of headers) list.push(name, value)
  return list
}

function pairs(raw: readonly Buffer[]): HeaderList {
  const list: Array<readonly [string, string]> = []
  for (let index = 0; index + 1 < raw.length; index += 2)
    list.push([raw[index]?.toString('latin1') ?? '', raw[index + 1]?.toString('latin1') ?? ''])
  return list
}

/** Undoes a content-encoding that an upstream applied although none was asked for. */
function decoded(body: UpstreamBody, headers: HeaderList): AsyncIterable<Uint8Array> {
  const encoding = headers
    .find(([name]) => name.toLowerCase() === 'content-encoding')?.[1]
    .trim()
    .toLowerCase()
  const decoder = encoding === undefined ? undefined : DECODERS[encoding]?.()
  if (decoder === undefined) return body
  const source = Readable.from(body, { objectMode: false })
  // Both ways: a cut upstream must end the decoder, and a caller who stops reading must cut the upstream.
  source.on('error', (error) => decoder.destroy(error))
  decoder.on('close', () => source.destroy())
  return source.pipe(decoder)
}
