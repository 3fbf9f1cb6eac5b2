import { Agent, type Dispatcher, errors, ProxyAgent } from 'undici'
import { type ConnectionOptions, Connections } from './connections.ts'
import { Http2Sessions } from './http2-sessions.ts'
import type { CutSignal, HeaderList, Network, NetworkAnswer, NetworkRequest, NetworkTimeouts } from './network.ts'
import { decoded } from './undo-encoding.ts'
import { UpstreamBody } from './upstream-body.ts'

/**
 * Idle HTTP/1.1 connections are kept this long, ms, when the server does not say itself: engines on one's own machines close theirs after
 * 5 s, what stands before a provider after 60 s or more.
 */
const KEEP_ALIVE_MS = { plain: 4_000, secure: 30_000 }
/** Addresses already taken apart: a configuration has few, but a query of the caller's own makes a new one. */
const MOST_ADDRESSES = 256

interface Address {
  readonly origin: string
  readonly path: string
  readonly kind: 'plain' | 'secure'
}

/** Bun puts a module of its own in the place of undici, and it sends nothing: every call would fail without a word of why. */
export function canSend(): boolean {
  return typeof (Agent.prototype as Partial<Agent>).dispatch === 'function'
}

/**
 * The network through undici's dispatcher: no redirects, no automatic retries, first-byte and idle timers left to the caller
 * (undici's own are coarse and would count a slow client's backpressure as silence). The dispatcher is driven by callbacks:
 * `request()` builds a node:stream and a resource for each call and reaches two thirds of it. HTTP/2 where an https origin offers it.
 */
export function undiciNetwork(settings: ConnectionOptions = {}): Network {
  const connections = new Connections(settings)
  const http2 = new Http2Sessions(connections)
  const agents = new Map<string, Dispatcher>()
  const addresses = new Map<string, Address>()

  const agentFor = (connectMs: number, kind: 'plain' | 'secure', proxy: string | undefined): Dispatcher => {
    const name = `${connectMs} ${kind} ${proxy ?? ''}`
    let agent = agents.get(name)
    if (agent === undefined) {
      const options = {
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE_MS[kind],
        pipelining: 1,
      }
      agent =
        proxy === undefined
          ? new Agent({ ...options, connect: connections.http1Connector(connectMs) })
          : new ProxyAgent({ ...options, uri: proxy, ...connections.throughProxy(connectMs) })
      agents.set(name, agent)
    }
    return agent
  }

  const addressOf = (text: string): Address => {
    const known = addresses.get(text)
    if (known !== undefined) return known
    const url = new URL(text)
    const kind = url.protocol === 'https:' ? 'secure' : 'plain'
    const address: Address = { origin: url.origin, path: url.pathname + url.search, kind }
    if (addresses.size >= MOST_ADDRESSES) addresses.clear()
    addresses.set(text, address)
    return address
  }

  const http1 = (request: NetworkRequest, address: Address, connectMs: number, signal: CutSignal) =>
    new Promise<NetworkAnswer>((resolve, reject) => {
      const options = {
        origin: address.origin,
        path: address.path,
        method: request.method as Dispatcher.HttpMethod,
        headers: flat(request.headers),
        body: request.body ?? null,
      }
      agentFor(connectMs, address.kind, request.proxy).dispatch(options, new Exchange(signal, resolve, reject))
    })

  return {
    async send(request: NetworkRequest, { connectMs }: NetworkTimeouts, signal: CutSignal): Promise<NetworkAnswer> {
      const address = addressOf(request.url)
      if (!mayNegotiate(address, request) || !http2.mayOffer(address.origin))
        return http1(request, address, connectMs, signal)
      return (
        (await http2.send(request, address, connectMs, signal)) ?? (await http1(request, address, connectMs, signal))
      )
    },
    async prepare(place, connectMs) {
      const address = addressOf(place.url)
      if (mayNegotiate(address, place)) await http2.prepare(address.origin, connectMs)
    },
    async close() {
      http2.close()
      connections.close()
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
      agents.clear()
    },
  }
}

/** Whether the other side may be asked which protocol it speaks. */
function mayNegotiate({ kind }: Address, { proxy, http2 }: Pick<NetworkRequest, 'proxy' | 'http2'>): boolean {
  return kind === 'secure' && proxy === undefined && http2 !== false
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
    if (this.#body !== undefined) this.#body.fail(error)
    // undici tells a proxy's refusal as an abort, which would read as a caller who left.
    else if (error instanceof errors.RequestAbortedError && !this.#signal.aborted) this.#reject(refusedByProxy(error))
    else this.#reject(error)
  }

  #cut(): void {
    const error = new errors.RequestAbortedError()
    // While no connection is there yet, nobody but us can tell; undici learns of it when it connects.
    if (this.#abort === undefined) this.#reject(error)
    else this.#abort(error)
  }
}

function refusedByProxy({ message }: Error): Error {
  return new errors.SocketError(`the outbound proxy made no connection: ${message}`)
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
