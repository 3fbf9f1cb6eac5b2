import { createHash } from 'node:crypto'
import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { PATHS, type Read, readBody, readStream } from '../../test/support/client.ts'
import { WIRES } from '../../src/wire/wires.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { type CallPlan, planOf, questionOf, textOf } from './plan.ts'
import { type CallEnded, momentMs } from './records.ts'

/** Of a failure this much is told to the judge. */
const LONGEST_TOLD = 20_000
/** A slow client reads a piece, then waits this long, ms. */
const SLOW_READ_MS = 4

const MODELS: Readonly<Record<WireName, string>> = {
  responses: 'gpt-5.5',
  'chat-completions': 'gpt-5.5',
  messages: 'claude-sonnet-5',
}

/** Plays one call as its plan says. Never throws. */
export async function playCall(port: number, agent: Agent, seed: number, call: number): Promise<CallEnded> {
  const plan = planOf(seed, call)
  const beganAtMs = momentMs()
  const played = new PlayedCall(port, agent, call, plan)
  const result = await played.play().catch((error: unknown) => ({
    ...NOTHING,
    ending: 'broken' as const,
    why: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  }))
  return { is: 'call_ended', call, beganAtMs, atMs: momentMs(), ...result }
}

type Result = Omit<CallEnded, 'is' | 'call' | 'beganAtMs' | 'atMs'>
const NOTHING: Omit<Result, 'ending'> = {
  status: 0,
  digest: '',
  text: undefined,
  said: undefined,
  why: undefined,
  attempts: undefined,
}
const LEFT: Result = { ...NOTHING, ending: 'left' }

class PlayedCall {
  readonly #port: number
  readonly #agent: Agent
  readonly #call: number
  readonly #plan: CallPlan
  #left = false

  constructor(port: number, agent: Agent, call: number, plan: CallPlan) {
    this.#port = port
    this.#agent = agent
    this.#call = call
    this.#plan = plan
  }

  async play(): Promise<Result> {
    const { wire, stream, questionLength } = this.#plan
    const question = questionOf(this.#call, questionLength)
    const messages = [{ role: 'user', content: question }]
    const asked = { model: MODELS[wire], stream, ...(wire === 'responses' ? { input: question } : { messages }) }
    const body = Buffer.from(JSON.stringify(wire === 'messages' ? { ...asked, max_tokens: 64 } : asked))
    const sending = request({
      port: this.#port,
      host: '127.0.0.1',
      agent: this.#agent,
      method: 'POST',
      path: PATHS[wire],
      headers: { 'content-type': 'application/json', 'content-length': body.length },
    })
    const answered = new Promise<IncomingMessage | 'left'>((resolve, reject) => {
      sending.once('response', resolve)
      sending.on('error', (error) => (this.#left ? resolve('left') : reject(error)))
      sending.once('close', () => this.#left && resolve('left'))
    })
    const leaving = this.#leaving()
    if (leaving?.leaves === 'in_body') {
      sending.write(body.subarray(0, Math.floor(body.length / 2)))
      this.#leaveAfter(leaving.afterMs, sending)
    } else {
      sending.end(body)
      if (leaving?.leaves === 'unanswered' || leaving?.leaves === 'held') this.#leaveAfter(leaving.afterMs, sending)
    }
    const response = await answered
    if (response === 'left') return LEFT
    const bytes = await this.#read(response)
    if (this.#left) return LEFT
    return this.#conclude(response, bytes)
  }

  #leaving() {
    const { reads } = this.#plan
    return typeof reads === 'object' ? reads : undefined
  }

  #leaveAfter(ms: number, sending: ClientRequest): void {
    setTimeout(() => {
      if (sending.destroyed) return
      this.#left = true
      sending.destroy()
    }, ms)
  }

  /** @throws when the connection broke in the middle of the answer */
  #read(response: IncomingMessage): Promise<Buffer> {
    const parts: Buffer[] = []
    const leaving = this.#leaving()
    const slow = this.#plan.reads === 'slowly'
    return new Promise((resolve, reject) => {
      response.on('data', (part: Buffer) => {
        parts.push(part)
        if (slow) {
          response.pause()
          setTimeout(() => response.resume(), SLOW_READ_MS)
        }
        const enough = leaving?.leaves === 'first_byte' || (leaving?.leaves === 'mid_stream' && parts.length > 3)
        if (enough && !this.#left) {
          this.#left = true
          response.destroy()
        }
      })
      response.once('end', () => resolve(Buffer.concat(parts)))
      response.on('error', (error) => (this.#left ? resolve(Buffer.alloc(0)) : reject(error)))
      response.once('close', () => (this.#left ? resolve(Buffer.alloc(0)) : reject(new Error('cut in the answer'))))
    })
  }

  #conclude(response: IncomingMessage, given: Buffer): Result {
    const { wire, answerLength } = this.#plan
    const status = response.statusCode ?? 0
    const isStream = (response.headers['content-type'] ?? '').startsWith('text/event-stream')
    const bytes = isStream ? withoutHeartbeats(wire, given) : given
    const digest = createHash('sha256').update(bytes).digest('hex')
    const told = response.headers['x-sparekey-attempts']
    const attempts = typeof told === 'string' ? Number(told) : undefined
    const text = bytes.toString('utf8')
    const common = { ...NOTHING, status, digest, attempts }
    let read: Read
    try {
      read = isStream ? readStream(wire, text) : readBody(wire, text, status === 200)
    } catch (error) {
      return { ...common, ending: 'broken', text: text.slice(0, LONGEST_TOLD), why: String(error) }
    }
    if (read.ending === 'complete') {
      const asPlanned = read.said === textOf(this.#call, answerLength)
      return asPlanned
        ? { ...common, ending: 'complete' }
        : { ...common, ending: 'broken', text: text.slice(0, LONGEST_TOLD), why: 'complete, but not what was sent' }
    }
    return {
      ...common,
      ending: read.ending,
      text: text.slice(0, LONGEST_TOLD),
      said: read.said,
      why: read.ending === 'broken' ? 'neither an end nor an error, or both' : undefined,
    }
  }
}

/** What the gateway says while it waits stands before the upstream's first byte. */
function withoutHeartbeats(wire: WireName, bytes: Buffer): Buffer {
  const heartbeat = Buffer.from(WIRES[wire].heartbeat())
  let from = 0
  while (bytes.subarray(from, from + heartbeat.length).equals(heartbeat)) from += heartbeat.length
  return bytes.subarray(from)
}
