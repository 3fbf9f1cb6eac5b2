import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  sensitiveHeaders,
} from 'node:http2'
import { errors } from 'undici'
import type { CutSignal, HeaderList, NetworkAnswer, NetworkRequest } from './network.ts'
import { decoded } from './undo-encoding.ts'
import { UpstreamBody } from './upstream-body.ts'

/** Headers of one HTTP/1.1 connection: HTTP/2 refuses a request that carries them. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])
/** Never put into the table of repeated headers, from where their length can be guessed. */
const SECRET = ['authorization', 'x-api-key', 'api-key', 'cookie', 'x-goog-api-key']

/** The headers of a request as HTTP/2 frames them. */
export function http2Headers(request: NetworkRequest, authority: string, path: string): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of request.headers) {
    const key = name.toLowerCase()
    if (OF_THE_CONNECTION.has(key)) continue
    const before = headers[key]
    headers[key] = before === undefined ? value : [before, value].flat()
  }
  return {
    ...headers,
    ':method': request.method,
    ':scheme': 'https',
    ':authority': authority,
    ':path': path,
    ...(request.body === undefined ? {} : { 'content-length': String(request.body.length) }),
    [sensitiveHeaders]: SECRET,
  }
}

/**
 * One answer on an HTTP/2 connection. A stream that the other side resets, or that ends with its connection, looks like a finished one to
 * whoever only waits for `end`: what was not ended by the upstream itself is a failure.
 * @param on.heard something came from the other side
 * @param on.done the stream is over, whatever its end
 */
export function exchange(
  stream: ClientHttp2Stream,
  signal: CutSignal,
  on: { readonly heard: () => void; readonly done: () => void },
): Promise<NetworkAnswer> {
  return new Promise((resolve, reject) => {
    let body: UpstreamBody | undefined
    let isOver = false
    const fail = (error: Error) => {
      if (isOver) return
      isOver = true
      if (body === undefined) reject(error)
      else body.fail(error)
    }
    const cut = () => {
      fail(new errors.RequestAbortedError())
      stream.close(constants.NGHTTP2_CANCEL)
    }
    signal.addEventListener('abort', cut)
    stream.on('response', (headers) => {
      on.heard()
      const list = listOf(headers)
      body = new UpstreamBody({ resume: () => void stream.resume(), cut })
      resolve({ status: Number(headers[':status']), headers: list, body: decoded(body, list) })
    })
    stream.on('data', (chunk: Buffer) => {
      on.heard()
      if (body?.push(chunk) === false) stream.pause()
    })
    stream.on('end', () => {
      if (body === undefined || stream.rstCode !== constants.NGHTTP2_NO_ERROR) fail(broken(stream))
      else {
        isOver = true
        body.end()
      }
      // An answer may come before the whole request is taken: what is left of it would hold its place on the connection for ever.
      if (!stream.writableFinished) {
        stream.close(constants.NGHTTP2_CANCEL)
        stream.destroy()
      }
    })
    stream.on('error', fail)
    stream.on('close', () => {
      signal.removeEventListener('abort', cut)
      fail(broken(stream))
      on.done()
    })
    if (signal.aborted) cut()
  })
}

function broken({ rstCode }: ClientHttp2Stream): Error {
  return new errors.SocketError(`the stream was closed before its end (HTTP/2 code ${rstCode})`)
}

function listOf(headers: IncomingHttpHeaders): HeaderList {
  return Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(':') || value === undefined ? [] : [value].flat().map((each) => [name, each] as const),
  )
}
