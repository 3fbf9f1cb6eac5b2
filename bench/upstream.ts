import { createServer, type Socket } from 'node:net'

/**
 * The fake provider: raw sockets and prepared bytes, so that it costs as little as can be. It looks at two things only: the path (who is asked) and
 * `"stream":true`. Paths: `/v1/...` answers; `/fails/<percent>/v1/...` answers that share with 404 `model_not_found`; `/idle/v1/...` begins a stream
 * and falls silent. Speaks to its parent over IPC.
 */
const EVENTS = 200
const chunkOf = (data: string) => `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`
const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_800_000_000, model: 'gpt-5.5', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_800_000_000,
  model: 'gpt-5.5',
  choices: [{ index: 0, message: { role: 'assistant', content: 'x'.repeat(1500) }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 500, completion_tokens: 300, total_tokens: 800 },
})
const document = (status: string, body: string) =>
  Buffer.from(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
const GOOD = document('200 OK', ANSWER)
const MISSING = document(
  '404 Not Found',
  '{"error":{"message":"The model does not exist","type":"invalid_request_error","param":null,"code":"model_not_found"}}',
)
const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-accel-buffering: no\r\ntransfer-encoding: chunked\r\n\r\n',
)
const FIRST = Buffer.from(chunkOf(event({ role: 'assistant', content: '' })))
const DELTA = Buffer.from(chunkOf(event({ content: ' and a few words of text' })))
const LAST = Buffer.from(`${chunkOf(event({}, 'stop') + 'data: [DONE]\n\n')}0\r\n\r\n`)

let asked = 0
let failedAtMs = 0
let failoverMs: number[] = []
let idleOpen = 0
let lastIdleClosedAtMs = 0

const server = createServer({ noDelay: true }, (socket) => serve(socket))
server.listen(0, '127.0.0.1', 65_535, () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 })
})
process.on('message', (message) => {
  if (message !== 'figures') return
  process.send?.({ failoverMs, idleOpen, lastIdleClosedAtMs })
  failoverMs = []
})
process.on('disconnect', () => process.exit(0))

function serve(socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0)
  let bodyLeft = 0
  let head = ''
  let start = ''
  socket.on('error', () => socket.destroy())
  socket.on('data', (data) => {
    let chunk = data as Buffer
    while (chunk.length > 0) {
      if (bodyLeft > 0) {
        // Peers write the body anew, its fields in another order.
        if (chunk.includes('"stream":true')) start = '"stream":true'
        if (chunk.includes('"idle":true')) start += '"idle":true'
        const taken = Math.min(bodyLeft, chunk.length)
        bodyLeft -= taken
        chunk = chunk.subarray(taken)
      } else {
        if (pending.length > 0) chunk = Buffer.concat([pending, chunk])
        const end = chunk.indexOf('\r\n\r\n')
        if (end === -1) {
          pending = chunk
          return
        }
        pending = Buffer.alloc(0)
        head = chunk.toString('latin1', 0, end)
        start = ''
        const told = /content-length: (\d+)/i.exec(head)?.[1]
        bodyLeft = Number(told ?? 0)
        // Only the failover chain uses these two paths.
        if (failedAtMs !== 0 && head.startsWith('POST /second/')) {
          failoverMs.push(performance.now() - failedAtMs)
          failedAtMs = 0
        }
        chunk = chunk.subarray(end + 4)
      }
      if (bodyLeft === 0) answer(socket, head, start)
    }
  })
}

function answer(socket: Socket, head: string, start: string): void {
  asked += 1
  const fails = /^POST \/fails\/(\d+)\//.exec(head)?.[1]
  if (fails !== undefined && (asked % 10) * 10 < Number(fails)) {
    if (fails === '100') failedAtMs = performance.now()
    socket.write(MISSING)
    return
  }
  if (!start.includes('"stream":true')) {
    socket.write(GOOD)
    return
  }
  socket.cork()
  socket.write(STREAM_HEAD)
  socket.write(FIRST)
  socket.write(DELTA)
  socket.uncork()
  if (start.includes('"idle":true')) {
    idleOpen += 1
    socket.on('close', () => {
      idleOpen -= 1
      lastIdleClosedAtMs = Date.now()
    })
    return
  }
  stream(socket, EVENTS - 3)
}

/** One event a turn of the loop: nothing is gathered on purpose. */
function stream(socket: Socket, left: number): void {
  if (socket.destroyed) return
  if (left === 0) {
    socket.write(LAST)
    return
  }
  socket.write(DELTA)
  setImmediate(() => stream(socket, left - 1))
}
