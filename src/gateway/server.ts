import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { identifyClient, type KnownClient } from './client-keys.ts'
import { checkOrigin, isLoopback } from './host-check.ts'
import { modelsBody } from '../wire/models-body.ts'
import {
  type ClosingOptions,
  DEFAULT_GATEWAY_LIMITS,
  DEFAULT_LOAD_LIMITS,
  type Gateway,
  type GatewayHouse,
  type GatewayLimits,
  type GatewayOptions,
  GatewayStartError,
} from './options.ts'
import { type OwnError, writeOwnError } from './own-error.ts'
import { OverloadGuard } from './overload-guard.ts'
import { type RouteKind, ROUTES } from './routes.ts'
import { serveCall } from './serve-call.ts'
import { type Target, targetOf } from './target.ts'
import type { OwnErrorCode } from '../relay/own-refusal.ts'
import { nearestWire } from '../wire/nearest-wire.ts'

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 8787
const DEFAULT_GRACE_MS = 10_000
/** Calls that are ended by us get this long to hear why, ms. */
const LAST_WORDS_MS = 1_000

/**
 * Starts the HTTP gateway.
 * @throws GatewayStartError when the address is taken, or open to the network without client keys
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const host = options.host ?? DEFAULT_HOST
  if (!isLoopback(host) && options.house.clients.length === 0) {
    throw new GatewayStartError(
      'open_to_network',
      `refusing to listen on ${host} without client keys: everybody who reaches it could spend your accounts; add "clients" to config.yaml`,
    )
  }
  const running = new RunningGateway(options, isLoopback(host), { ...DEFAULT_GATEWAY_LIMITS, ...options.limits })
  await running.listen(host, options.port ?? DEFAULT_PORT)
  return running
}

class RunningGateway implements Gateway {
  readonly #options: GatewayOptions
  readonly #limits: GatewayLimits
  readonly #loopback: boolean
  readonly #server: Server
  /** Calls in flight. Not one signal combined with each call's own: that costs more than a call's headers. */
  readonly #cuts = new Set<{ stop(): void }>()
  readonly #guard: OverloadGuard
  /** Requests being answered. */
  readonly #open = new Set<ServerResponse>()
  #house: GatewayHouse
  #closing = false
  /** A successor listens already, and clients may still send into connections that were promised to them. */
  #lingering = false
  #idle: Array<() => void> = []
  url = ''
  port = 0

  constructor(options: GatewayOptions, loopback: boolean, limits: GatewayLimits) {
    this.#options = options
    this.#limits = limits
    this.#loopback = loopback
    this.#house = options.house
    this.#guard = new OverloadGuard(options.platform)
    this.#server = createServer({
      noDelay: true,
      keepAlive: true,
      requestTimeout: limits.requestMs,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: 1_000,
      // A missing host is told in our own words instead of an empty answer.
      requireHostHeader: false,
    })
    this.#server.maxConnections = limits.connections
    // Nobody listens for upgrades: the server then ignores the header, as it should for what it does not speak. Java's HTTP client asks for h2c each time.
    const serve = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response)
    this.#server.on('request', serve)
    // An expectation that nobody knows would be refused with an empty body.
    this.#server.on('checkExpectation', serve)
    // An idle connection has had its time. A process that was late itself finds that before it has read the call that came in time.
    this.#server.on('timeout', (socket) => {
      const { bytesRead } = socket
      setImmediate(() => {
        if (socket.bytesRead === bytesRead) socket.destroy()
      })
    })
    this.#server.on('clientError', (error, socket) => this.#garbage(error, socket as Socket))
  }

  get inFlight(): number {
    return this.#open.size
  }

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const taken = error.code === 'EADDRINUSE'
        const what = taken
          ? `${host}:${port} is already in use: stop what runs there, or choose another with --port`
          : `cannot listen on ${host}:${port}: ${error.code ?? error.message}`
        reject(new GatewayStartError(taken ? 'address_in_use' : 'cannot_listen', what, { cause: error }))
      })
      this.#server.listen(port, host, resolve)
    })
    this.#server.on('error', (error) => this.#options.onTrouble?.(`server: ${error.message}`))
    const address = this.#server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : port
    this.url = `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${this.port}`
  }

  reload(house: GatewayHouse): void {
    // A list that was emptied by mistake would open the accounts to everybody who reaches the port.
    const opens = !this.#loopback && house.clients.length === 0
    this.#house = opens ? { ...house, clients: this.#house.clients } : house
    if (opens)
      this.#options.onTrouble?.('"clients" is empty and the listener is open to the network: the old client keys stay')
  }

  async close(graceMs: number = DEFAULT_GRACE_MS, { lingerMs = 0 }: ClosingOptions = {}): Promise<number> {
    if (this.#closing) return 0
    this.#closing = true
    const { clock } = this.#options.platform
    const endAtMs = clock.monotonic() + graceMs
    const leftMs = () => endAtMs - clock.monotonic()
    this.#lingering = lingerMs > 0
    // What has no head yet can still say that its connection ends.
    for (const response of this.#open) if (!response.headersSent) response.shouldKeepAlive = false
    const closed = new Promise<void>((resolve) => {
      // node:http would close every idle connection together with the listener.
      NetServer.prototype.close.call(this.#server, () => resolve())
    })
    if (this.#lingering) {
      // An answer that began before has promised its client a further call: the time for that begins behind the last of them.
      await this.#atMost(leftMs(), this.#untilIdle())
      await this.#atMost(Math.min(lingerMs, leftMs()), closed)
      this.#lingering = false
    }
    this.#server.closeIdleConnections()
    await this.#atMost(leftMs(), this.#untilIdle())
    const cut = this.#open.size
    for (const call of this.#cuts) call.stop()
    if (cut > 0) await this.#atMost(LAST_WORDS_MS, this.#untilIdle())
    this.#guard.stop()
    this.#server.closeAllConnections()
    await closed
    // Ends its watch over connections.
    this.#server.close()
    return cut
  }

  /** Not a valid request, or none in time; but a process that was late itself finds its timers due before it has read what came in time. */
  #garbage(error: NodeJS.ErrnoException, socket: Socket): void {
    const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
    if (!isLate || this.#requestOn(socket) !== undefined) return refuseGarbage(error, socket)
    setImmediate(() => {
      const request = this.#requestOn(socket)
      if (request === undefined) return refuseGarbage(error, socket)
      // node:http watches no further over this request: the time for its body is ours to end.
      const end = () => (request.complete ? undefined : refuseGarbage(error, socket))
      const cancel = this.#options.platform.timers.after(this.#limits.requestMs, end, { unref: true })
      request.once('close', cancel)
    })
  }

  #requestOn(socket: Socket): IncomingMessage | undefined {
    for (const { req } of this.#open) if (req.socket === socket) return req
    return undefined
  }

  #untilIdle(): Promise<void> {
    return this.#open.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }

  async #atMost(ms: number, promise: Promise<void>): Promise<void> {
    const enough = new AbortController()
    await Promise.race([promise, this.#options.platform.timers.sleep(Math.max(0, ms), enough.signal)])
    enough.abort()
  }

  /** The last answer of a connection whose listener is gone ends it, unless a further request came right behind. */
  #letGo(response: ServerResponse, socket: Socket): void {
    // Its head said that the connection stays: ended now, it would fail the call that its client is just sending.
    if (this.#lingering && response.shouldKeepAlive) return
    for (const other of this.#open) if (other.req.socket === socket) return
    if (response.writableFinished) socket.end()
    else response.once('finish', () => socket.end())
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request
    this.#open.add(response)
    if (this.#closing) response.shouldKeepAlive = false
    // A socket that breaks must not end the process.
    request.on('error', () => {})
    response.on('error', () => {})
    try {
      await this.#route(request, response)
    } catch (error) {
      this.#options.onTrouble?.(error instanceof Error ? `${error.name}: ${error.message}` : 'unexpected error')
      this.#refuse(request, response, {
        code: 'internal_error',
        message: 'the gateway met an unexpected error; see its log',
      })
    } finally {
      this.#open.delete(response)
      if (this.#closing) this.#letGo(response, socket)
      if (this.#open.size === 0) for (const done of this.#idle.splice(0)) done()
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = targetOf(request.url)
    const refused =
      request.headers.host === undefined && request.httpVersion === '1.1'
        ? NO_HOST
        : checkOrigin(request.headers, this.#loopback)
    if (refused !== undefined) return this.#refuse(request, response, refused)
    const row = ROUTES.find(({ path }) => path === url.pathname)
    if (row === undefined) {
      const paths = ROUTES.filter(({ serves }) => serves.kind === 'call').map(({ path }) => path)
      return this.#refuse(request, response, {
        code: 'unknown_route',
        message: `there is nothing at this path; model calls go to ${paths.join(', ')}`,
      })
    }
    const client = row.open === true ? undefined : identifyClient(request.headers, this.#house.clients)
    if (client !== undefined && 'error' in client) return this.#refuse(request, response, client.error)
    if (row.websocket === true && /\bwebsocket\b/i.test(request.headers.upgrade ?? ''))
      return this.#refuse(request, response, NO_WEBSOCKET)
    if (!row.methods.includes(request.method ?? '')) {
      return this.#refuse(request, response, {
        code: 'method_not_allowed',
        message: `${row.path} answers ${row.methods.join(', ')}`,
        headers: [['allow', row.methods.join(', ')]],
      })
    }
    switch (row.serves.kind) {
      case 'call':
        return this.#call(request, response, row.serves, url, client)
      case 'models': {
        const shape =
          row.serves.shape === 'openai' && request.headers['anthropic-version'] !== undefined
            ? 'anthropic'
            : row.serves.shape
        return sendJson(response, 200, modelsBody(this.#house.listModels(), shape))
      }
      case 'ready': {
        const state = this.#closing
          ? { ready: false, why: 'draining' }
          : await (this.#options.ready?.() ?? { ready: true, why: 'ready' })
        return sendJson(response, state.ready ? 200 : 503, state)
      }
      case 'health':
        return sendJson(response, 200, { status: 'ok' })
      case 'hello':
        return sendJson(response, 200, { name: 'sparekey' })
    }
  }

  async #call(
    request: IncomingMessage,
    response: ServerResponse,
    { wire, operation }: Extract<RouteKind, { kind: 'call' }>,
    url: Target,
    client: KnownClient | undefined,
  ): Promise<void> {
    const overload = this.#guard.refusal(this.#open.size - 1, this.#house.load ?? DEFAULT_LOAD_LIMITS)
    if (overload !== undefined) return this.#refuse(request, response, overload)
    const { relay, platform } = this.#options
    return serveCall({
      request,
      response,
      wire,
      operation,
      url,
      fallbackPolicy: client?.fallbackPolicy,
      caller: client?.sha256,
      house: this.#house,
      relay,
      platform,
      limits: this.#limits,
      cuts: this.#cuts,
    })
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: OwnError): void {
    writeOwnError(response, nearestWire(request.url ?? ''), error, this.#options.platform.clock.now())
    request.resume()
  }
}

const NO_WEBSOCKET: OwnError = {
  code: 'websocket_unsupported',
  message: 'WebSocket is not served here; use POST with "stream": true',
}

/** Which protocol such a client speaks is not known: every one of them finds `error.message`. */
const GARBAGE = {
  400: ['invalid_header', 'this is not a valid HTTP request: a header, the length or the chunks are malformed'],
  408: ['request_timeout', 'the request did not arrive in time'],
  431: ['invalid_header', 'the request headers are too large'],
} as const satisfies Record<number, readonly [OwnErrorCode, string]>

const NO_HOST: OwnError = { code: 'invalid_header', message: 'the request has no "host" header' }

/** Bytes that are not HTTP, headers that are too large or too slow: one clean answer, and the process lives. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.destroyed || !socket.writable) return
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
  const [code, message] = GARBAGE[status]
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json\r\nx-sparekey-error: ${code}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'cache-control': 'no-store',
  })
  response.end(body)
}
