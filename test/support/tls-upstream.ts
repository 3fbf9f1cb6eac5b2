import { readFileSync } from 'node:fs'
import { createSecureServer, type Http2SecureServer, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Server } from 'node:tls'
import { onTestFinished } from 'vitest'

const file = (name: string) => readFileSync(new URL(`./tls/${name}`, import.meta.url), 'utf8')

/** The authority that signed itself, for 127.0.0.1, ::1, localhost and api.sparekey.invalid. */
export const TEST_CA = file('localhost.cert.pem')
const identity = { key: file('localhost.key.pem'), cert: TEST_CA }

export interface TlsUpstream {
  readonly url: string
  readonly port: number
  /** Connections that were ever made. */
  readonly sockets: readonly Socket[]
  readonly sessions: readonly Http2Session[]
}

export async function http2Upstream(
  onStream: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void,
): Promise<TlsUpstream> {
  const server = createSecureServer({ ...identity, allowHTTP1: false })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    onStream(stream, headers)
  })
  return listen(server)
}

export async function http1Upstream(answer: RequestListener): Promise<TlsUpstream> {
  return listen(createServer(identity, answer))
}

async function listen(server: Server | Http2SecureServer): Promise<TlsUpstream> {
  const sockets: Socket[] = []
  const sessions: Http2Session[] = []
  server.on('connection', (socket: Socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
  })
  server.on('session', (session: Http2Session) => {
    sessions.push(session)
    session.on('error', () => undefined)
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `https://127.0.0.1:${port}`, port, sockets, sessions }
}
