import type { LookupFunction, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { buildConnector, Pool, type ProxyAgent } from 'undici'

/** A connection made ahead of its call is kept this long, ms: less than what the quickest servers wait for a first request. */
const PREPARED_MS = 4_000
/**
 * One address gets this long before the next one of the same name is tried, ms. Node's own 250 ms gives up addresses that are merely far
 * away, and with the last one the whole name.
 */
const ATTEMPT_MS = 1_000

export interface ConnectionOptions {
  /** Names to addresses. @default the system's */
  readonly lookup?: LookupFunction
  /** PEM of the authorities to trust. @default Node's, with NODE_EXTRA_CA_CERTS */
  readonly ca?: string
}

/** How connections are made: all addresses of a name in turn (happy eyeballs), and some of them ahead of the call that will use them. */
export class Connections {
  readonly #options: ConnectionOptions
  readonly #prepared = new Map<string, TLSSocket[]>()

  constructor(options: ConnectionOptions = {}) {
    this.#options = options
  }

  /** The settings of a connector, for undici. */
  settings(connectMs: number, allowH2: boolean): buildConnector.BuildOptions {
    return {
      ...this.#options,
      timeout: connectMs,
      allowH2,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: Math.min(ATTEMPT_MS, connectMs),
    }
  }

  /** Makes HTTP/1.1 connections; takes one made ahead where there is one. */
  http1Connector(connectMs: number): buildConnector.connector {
    const connect = buildConnector(this.settings(connectMs, false))
    return (options, callback) => {
      const ready = this.#take(originOf(options))
      if (ready === undefined) connect(options, callback)
      else queueMicrotask(() => callback(null, ready))
    }
  }

  /** How a proxy and what is behind it are connected to, for undici. */
  throughProxy(connectMs: number): Pick<ProxyAgent.Options, 'proxyTls' | 'requestTls' | 'clientFactory'> {
    const settings = this.settings(connectMs, false)
    return {
      proxyTls: settings,
      requestTls: settings,
      // A proxy that takes the connection and says nothing would hold the call for five minutes.
      clientFactory: (url, options) => new Pool(url, { ...options, headersTimeout: connectMs }),
    }
  }

  /** Connects and asks which protocol is spoken. */
  negotiate(origin: URL, connectMs: number): Promise<TLSSocket> {
    const connect = buildConnector(this.settings(connectMs, true))
    const { hostname, host, protocol, port } = origin
    return new Promise((resolve, reject) => {
      connect({ hostname: bare(hostname), host, protocol, port }, (...[error, socket]) => {
        if (error === null) resolve(socket as TLSSocket)
        else reject(error)
      })
    })
  }

  /** Puts an HTTP/1.1 connection by for the next call. */
  keep(origin: string, socket: TLSSocket): void {
    const kept = this.#prepared.get(origin) ?? []
    this.#prepared.set(origin, [...kept, socket])
    const drop = () => {
      this.#forget(origin, socket)
      socket.destroy()
    }
    const timer = setTimeout(drop, PREPARED_MS).unref()
    this.#endings.set(socket, () => {
      clearTimeout(timer)
      socket.off('close', drop).off('error', drop).off('end', drop)
    })
    socket.on('close', drop).on('error', drop).on('end', drop).unref()
  }

  close(): void {
    for (const [origin, sockets] of this.#prepared)
      for (const socket of sockets) {
        this.#forget(origin, socket)
        socket.destroy()
      }
  }

  readonly #endings = new WeakMap<Socket, () => void>()

  #take(origin: string): TLSSocket | undefined {
    const socket = this.#prepared.get(origin)?.at(-1)
    if (socket === undefined) return undefined
    this.#forget(origin, socket)
    socket.ref()
    return socket
  }

  #forget(origin: string, socket: TLSSocket): void {
    this.#endings.get(socket)?.()
    const left = (this.#prepared.get(origin) ?? []).filter((each) => each !== socket)
    if (left.length === 0) this.#prepared.delete(origin)
    else this.#prepared.set(origin, left)
  }
}

function originOf({ protocol, host, hostname, port }: buildConnector.Options): string {
  return new URL(`${protocol}//${host ?? `${hostname}:${port}`}`).origin
}

/** Sockets take an IPv6 address without its brackets. */
function bare(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}
