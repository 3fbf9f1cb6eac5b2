import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  readonly bytes: number
  /** From the request's last byte to the first answer byte that holds a token (streams) or to the head. */
  readonly firstMs: number
  readonly totalMs: number
  /** Distance of the events, as they came. */
  readonly gapsMs: readonly number[]
}

/** One keep-alive connection on a raw socket: measuring must cost less than what is measured. */
export class RawClient {
  readonly #socket: Socket
  #take: ((chunk: Buffer) => void) | undefined
  #fail: ((error: Error) => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#take?.(chunk as Buffer))
    socket.on('error', (error) => this.#fail?.(error))
    socket.on('close', () => this.#fail?.(new Error('the connection was closed')))
  }

  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new RawClient(socket)))
      socket.once('error', reject)
    })
  }

  /** @param until `end` of the answer, or its first `token` (the answer stays open) */
  ask(request: Buffer, until: 'end' | 'token' = 'end'): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const startedAt = performance.now()
      let head = ''
      let bodyStart = 0
      let expected = -1
      let bytes = 0
      let status = 0
      let tail = ''
      let firstMs = 0
      let lastAt = 0
      const gapsMs: number[] = []
      this.#fail = reject
      this.#take = (chunk) => {
        const now = performance.now()
        bytes += chunk.length
        if (bodyStart === 0) {
          head += chunk.toString('latin1')
          const end = head.indexOf('\r\n\r\n')
          if (end === -1) return
          bodyStart = end + 4
          status = Number(head.slice(9, 12))
          const told = /content-length: (\d+)/i.exec(head)?.[1]
          if (told === undefined) tail = head.slice(bodyStart)
          else {
            expected = bodyStart + Number(told)
            firstMs = now - startedAt
          }
        } else if (expected === -1) tail = tail.slice(-2000) + chunk.toString('latin1')
        if (expected === -1) {
          if (firstMs === 0 && tail.includes('few words')) {
            firstMs = now - startedAt
            if (until === 'token') {
              this.#take = undefined
              resolve({ status, bytes, firstMs, totalMs: firstMs, gapsMs })
              return
            }
          }
          if (lastAt !== 0) gapsMs.push(now - lastAt)
          lastAt = now
          if (!tail.endsWith('0\r\n\r\n')) return
        } else if (bytes < expected) return
        this.#take = undefined
        if (expected === -1 && status === 200 && !tail.includes('[DONE]')) {
          reject(new Error(`a stream ended without its end: ${tail.slice(-300)}`))
          return
        }
        resolve({ status, bytes, firstMs, totalMs: now - startedAt, gapsMs })
      }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#fail = undefined
    this.#socket.destroy()
  }
}
