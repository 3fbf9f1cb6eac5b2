import { createHash } from 'node:crypto'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'

/** One answer of this size, poured as fast as it is taken, for a client that takes it slowly. */
export const FLOOD_BYTES = 128 * 1024 * 1024
export const FLOOD_QUESTION = 'soak-flood'
/** Meanwhile the client reads nothing at all: what comes then waits in buffers on the way. */
const STANDS_STILL_MS = 2_000

export interface Flooded {
  readonly bytes: number
  readonly digest: string
}

const EVENT = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'x'.repeat(16_000) }, finish_reason: null }] })}\n\n`
const END = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`

/** The upstream's side. @param told how much has been accepted so far, whenever it may not go on */
export async function pour(response: ServerResponse, told: (bytes: number) => void): Promise<Flooded> {
  const hash = createHash('sha256')
  let bytes = 0
  const write = (text: string) => {
    hash.update(text)
    bytes += text.length
    return response.write(text)
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  while (bytes < FLOOD_BYTES && !response.destroyed)
    if (!write(EVENT)) {
      told(bytes)
      await new Promise<void>((resolve) => {
        const settle = () => {
          response.off('drain', settle).off('close', settle)
          resolve()
        }
        response.on('drain', settle).on('close', settle)
      })
    }
  write(END)
  response.end()
  return { bytes, digest: hash.digest('hex') }
}

/** The client's side. @param told when it begins to stand still, and when it goes on */
export async function drink(port: number, told: (still: boolean) => void): Promise<Flooded> {
  const body = JSON.stringify({ model: 'gpt-5.5', stream: true, messages: [{ role: 'user', content: FLOOD_QUESTION }] })
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sending = request({ port, host: '127.0.0.1', method: 'POST', path: '/v1/chat/completions' }, resolve)
    sending.once('error', reject)
    sending.end(body)
  })
  const hash = createHash('sha256')
  let bytes = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    if (bytes === 0) {
      told(true)
      await new Promise((resolve) => setTimeout(resolve, STANDS_STILL_MS))
      told(false)
    }
    hash.update(part)
    bytes += part.length
  }
  return { bytes, digest: hash.digest('hex') }
}
