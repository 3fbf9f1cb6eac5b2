import { createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface RawUpstream {
  readonly port: number
  /** Base URL of an OpenAI-like provider. */
  readonly url: string
  readonly open: Set<Socket>
  /** Connections that there ever were. */
  readonly connections: () => number
}

/** Head of a streamed answer, to be followed by `chunked` pieces. */
export const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

export const chunked = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

/** An upstream of bare bytes; `answer` is called once for each request that has come whole. */
export async function rawUpstream(answer: (socket: Socket, request: string) => void): Promise<RawUpstream> {
  const open = new Set<Socket>()
  let connections = 0
  const server: Server = createServer((socket) => {
    connections += 1
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
    let text = ''
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN)
      if (end === -1 || text.length < end + 4 + length) return
      const request = text
      text = ''
      answer(socket, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, url: `http://127.0.0.1:${port}/v1`, open, connections: () => connections }
}
