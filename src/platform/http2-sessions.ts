import { type ClientHttp2Session, connect } from 'node:http2'
import { errors } from 'undici'
import type { Connections } from './connections.ts'
import { exchange, http2Headers } from './http2-exchange.ts'
import type { CutSignal, NetworkAnswer, NetworkRequest } from './network.ts'

/** As many calls share one connection: when it breaks, all of them do. */
const MOST_STREAMS = 32
/** An idle connection is closed after this long, ms. */
const IDLE_MS = 60_000
/** An origin that speaks HTTP/1.1 only is asked again after this long, ms. */
const HTTP1_MS = 10 * 60_000
/** What one call may leave unread, bytes; of the connection, many times that: one slow reader must not hold up its neighbours. */
const STREAM_WINDOW_BYTES = 256 * 1024
const CONNECTION_WINDOW_BYTES = (MOST_STREAMS + 1) * STREAM_WINDOW_BYTES
const MOST_ORIGINS = 256
/** Node refuses new calls on a connection that has more than this waiting to be sent, MB; its own 10 are less than one long request. */
const MOST_WAITING_MB = MOST_STREAMS * 64

export interface Doubt {
  /** After so much silence a connection must answer a ping before it carries a call, ms: it may have died without a word. @default 5000 */
  readonly afterMs: number
  /** It has this long to answer, ms. @default 2000 */
  readonly pingMs: number
}

interface Session {
  readonly wire: ClientHttp2Session
  readonly idle: { timer: NodeJS.Timeout | undefined }
  streams: number
  quietSinceMs: number
  /** A ping that is under way. */
  asked: Promise<boolean> | undefined
  leaving: boolean
}

interface Origin {
  readonly url: URL
  sessions: readonly Session[]
  connecting: Promise<void> | undefined
  http1UntilMs: number
}

/**
 * HTTP/2 connections to the origins that offer it (ALPN). Own sessions on node:http2 and not undici's: that one sends no second POST on a
 * connection in use, and cuts streams that could have finished when the other side says goodbye (docs/decisions/0009).
 */
export class Http2Sessions {
  readonly #connections: Connections
  readonly #doubt: Doubt
  readonly #origins = new Map<string, Origin>()

  constructor(connections: Connections, doubt: Doubt = { afterMs: 5_000, pingMs: 2_000 }) {
    this.#connections = connections
    this.#doubt = doubt
  }

  /** @returns false when this origin is known to speak HTTP/1.1 only */
  mayOffer(origin: string): boolean {
    return (this.#origins.get(origin)?.http1UntilMs ?? 0) <= performance.now()
  }

  /** Has a connection ready for the next call. Never throws: the call will meet the trouble itself. */
  async prepare(origin: string, connectMs: number): Promise<void> {
    const session = await this.#reserve(this.#originOf(origin), connectMs).catch(() => undefined)
    if (session !== undefined) this.#leave(session)
  }

  /** @returns undefined when the origin speaks HTTP/1.1: its connection waits there for the next call */
  async send(
    request: NetworkRequest,
    address: { readonly origin: string; readonly path: string },
    connectMs: number,
    signal: CutSignal,
  ): Promise<NetworkAnswer | undefined> {
    const origin = this.#originOf(address.origin)
    // A connection in the making is useful to the next caller when this one leaves.
    const session = await unlessCut(this.#reserve(origin, connectMs), signal, (late) => this.#leave(late))
    if (session === undefined) return undefined
    try {
      const headers = http2Headers(request, origin.url.host, address.path)
      const stream = session.wire.request(headers, { endStream: request.body === undefined })
      const answer = exchange(stream, signal, {
        heard: () => (session.quietSinceMs = performance.now()),
        done: () => this.#leave(session),
      })
      if (request.body !== undefined) stream.end(request.body)
      return answer
    } catch (error) {
      this.#leave(session)
      throw error
    }
  }

  close(): void {
    for (const { sessions } of this.#origins.values()) for (const { wire } of sessions) wire.destroy()
    this.#origins.clear()
  }

  /** A place on a connection: to be given back. */
  async #reserve(origin: Origin, connectMs: number): Promise<Session | undefined> {
    for (;;) {
      if (origin.http1UntilMs > performance.now()) return undefined
      const open = origin.sessions.find((each) => hasRoom(each))
      if (open !== undefined) {
        this.#occupy(open)
        if (performance.now() - open.quietSinceMs < this.#doubt.afterMs) return open
        // One ping for all who come meanwhile: node takes ten at once and refuses the eleventh.
        open.asked ??= answersPing(open, this.#doubt.pingMs).finally(() => {
          open.asked = undefined
        })
        const isWell = await open.asked
        if (isWell) open.quietSinceMs = performance.now()
        if (isWell && isOpen(open)) return open
        // Others may still be sending a long request there, which delays the ping: they are let finish.
        open.leaving = true
        if (!open.wire.closed) open.wire.close()
        this.#leave(open)
        if (open.streams === 0) open.wire.destroy()
        continue
      }
      origin.connecting ??= this.#connect(origin, connectMs).finally(() => {
        origin.connecting = undefined
      })
      await origin.connecting
    }
  }

  async #connect(origin: Origin, connectMs: number): Promise<void> {
    const socket = await this.#connections.negotiate(origin.url, connectMs)
    if (socket.alpnProtocol !== 'h2') {
      origin.http1UntilMs = performance.now() + HTTP1_MS
      this.#connections.keep(origin.url.origin, socket)
      return
    }
    const wire = connect(origin.url, {
      createConnection: () => socket,
      maxSessionMemory: MOST_WAITING_MB,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
    })
    const session: Session = {
      wire,
      idle: { timer: undefined },
      streams: 0,
      quietSinceMs: performance.now(),
      asked: undefined,
      leaving: false,
    }
    const gone = () => {
      session.leaving = true
      clearTimeout(session.idle.timer)
      origin.sessions = origin.sessions.filter((each) => each !== session)
    }
    // Calls that are under way may finish after a goodbye; a new one goes elsewhere.
    wire.on('goaway', gone).on('close', gone).on('error', gone)
    wire.once('connect', () => wire.setLocalWindowSize(CONNECTION_WINDOW_BYTES))
    origin.sessions = [...origin.sessions, session]
    this.#rest(session)
  }

  #occupy(session: Session): void {
    session.streams += 1
    clearTimeout(session.idle.timer)
    session.wire.ref()
  }

  #leave(session: Session): void {
    session.streams -= 1
    if (session.streams === 0 && !session.leaving) this.#rest(session)
  }

  /** An unused connection does not keep the process alive, and is not kept for ever. */
  #rest(session: Session): void {
    session.wire.unref()
    session.idle.timer = setTimeout(() => {
      session.leaving = true
      session.wire.close()
    }, IDLE_MS).unref()
  }

  #originOf(name: string): Origin {
    const known = this.#origins.get(name)
    if (known !== undefined) return known
    if (this.#origins.size >= MOST_ORIGINS)
      for (const [each, { sessions, connecting }] of this.#origins)
        if (sessions.length === 0 && connecting === undefined) this.#origins.delete(each)
    const origin: Origin = { url: new URL(name), sessions: [], connecting: undefined, http1UntilMs: 0 }
    this.#origins.set(name, origin)
    return origin
  }
}

function isOpen({ wire, leaving }: Session): boolean {
  return !leaving && !wire.closed && !wire.destroyed
}

function hasRoom(session: Session): boolean {
  const most = Math.min(MOST_STREAMS, session.wire.remoteSettings?.maxConcurrentStreams ?? MOST_STREAMS)
  return isOpen(session) && session.streams < most
}

function answersPing({ wire }: Session, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), withinMs)
    const done = (isWell: boolean) => {
      clearTimeout(timer)
      resolve(isWell)
    }
    try {
      if (!wire.ping((error) => done(error === null))) done(false)
    } catch {
      done(false)
    }
  })
}

function unlessCut<T>(promise: Promise<T>, signal: CutSignal, onLate: (value: T & {}) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let isCut = false
    const cut = () => {
      isCut = true
      reject(new errors.RequestAbortedError())
    }
    signal.addEventListener('abort', cut)
    if (signal.aborted) cut()
    promise
      .then((value) => {
        if (!isCut) resolve(value)
        else if (value !== undefined && value !== null) onLate(value)
      }, reject)
      .finally(() => signal.removeEventListener('abort', cut))
  })
}
