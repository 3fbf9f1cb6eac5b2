import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { systemPlatform } from '../../src/platform/platform.ts'
import { perform } from '../../src/simulator/perform.ts'
import { FLOOD_QUESTION, pour } from './flood.ts'
import { attemptOf, callIn, planOf, questionOf } from './plan.ts'
import { momentMs, RecordSender } from './records.ts'

/** The upstream of a soak, a process of its own: does with each attempt what its plan says, and tells what it sent. */
const SEED = Number(process.argv[2])
/** Attempts of calls are counted for this many of the latest calls. */
const REMEMBERED_CALLS = 50_000
/** Of a body this much is told, so that the beginning of a broken answer can be compared. */
const LONGEST_TOLD = 4_000

/** How late this process was itself, at its latest look and at those of the last seconds, ms. */
const LOOK_MS = 50
const REMEMBERED_LOOKS = 100
const lateness: number[] = []
let lookedAtMs = momentMs()
setInterval(() => {
  const nowMs = momentMs()
  lateness.push(nowMs - lookedAtMs - LOOK_MS)
  if (lateness.length > REMEMBERED_LOOKS) lateness.shift()
  lookedAtMs = nowMs
}, LOOK_MS).unref()

const records = new RecordSender()
const attempts = new Map<number, number>()
let open = 0

const server = createServer({ noDelay: true, keepAlive: true }, (request, response) => {
  request.on('error', () => {})
  response.on('error', () => {})
  void serve(request, response).catch(() => response.destroy())
})
server.on('clientError', (_error, socket) => socket.destroy())
server.on('connection', (socket) => {
  open += 1
  socket.on('close', () => (open -= 1))
})
server.listen(0, '127.0.0.1', 65_535, () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 })
})
process.on('message', (message) => {
  if (message === 'open') process.send?.({ open })
})
process.on('disconnect', () => process.exit(0))

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = await read(request)
  if (asked.question === FLOOD_QUESTION) {
    const poured = await pour(response, (accepted) => process.send?.({ accepted }))
    return void process.send?.({ poured })
  }
  const call = callIn(asked.question)
  if (call === undefined)
    return void response.writeHead(400).end('{"error":{"message":"this call is not of the soak"}}')
  const attempt = (attempts.get(call) ?? 0) + 1
  attempts.set(call, attempt)
  if (attempts.size > REMEMBERED_CALLS)
    for (const first of attempts.keys()) {
      attempts.delete(first)
      break
    }
  const plan = planOf(SEED, call)
  const { kind, step, good, garbage } = attemptOf(SEED, call, attempt)
  const intact = asked.question === questionOf(call, plan.questionLength)
  records.add({ is: 'attempt_begun', call, attempt, kind, good, intact, atMs: momentMs() })
  const sent = watch(response)
  response.once('close', () => {
    const whole = response.writableFinished
    records.add({ is: 'attempt_ended', call, attempt, whole, ...sent(), atMs: momentMs() })
  })
  if (garbage === true) return void response.socket?.end('\u0000\u0001 this is no HTTP at all \r\n\r\n')
  await perform(response, step, {
    wire: plan.wire,
    stream: plan.stream,
    told: { id: `${call}_${attempt}`, model: asked.model, nowMs: systemPlatform.clock.now(), includeUsage: false },
    headers: {},
    timers: systemPlatform.timers,
  })
}

/** Takes the digest of all that is written as a body. */
function watch(response: ServerResponse) {
  const hash = createHash('sha256')
  let bytes = 0
  let text: string | undefined = ''
  let lastAtMs = momentMs()
  // A request that waited for us is one that we answered late, however soon we answer now.
  let pauseMs = Math.max(0, ...lateness)
  const pass = () => {
    const nowMs = momentMs()
    pauseMs = Math.max(pauseMs, nowMs - lastAtMs)
    lastAtMs = nowMs
  }
  const take = (chunk: unknown) => {
    pass()
    if (typeof chunk !== 'string') return
    hash.update(chunk)
    bytes += Buffer.byteLength(chunk)
    if (text !== undefined) text = text.length + chunk.length > LONGEST_TOLD ? undefined : text + chunk
  }
  const write = response.write.bind(response) as (...given: unknown[]) => boolean
  const end = response.end.bind(response) as (...given: unknown[]) => ServerResponse
  response.write = (...given: unknown[]) => {
    take(given[0])
    return write(...given)
  }
  response.end = (...given: unknown[]) => {
    take(given[0])
    return end(...given)
  }
  return () => ({ bytes, pauseMs, digest: hash.digest('hex'), text })
}

async function read(request: IncomingMessage): Promise<{ readonly question: string; readonly model: string }> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as {
    readonly model: string
    readonly input?: string
    readonly messages?: readonly [{ readonly content: string }]
  }
  return { model: body.model, question: body.input ?? body.messages?.[0].content ?? '' }
}
