import { connect, createServer, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DEFAULT_POLICY, type Policy } from '../../src/recovery/policy.ts'
import type { Limits } from '../../src/relay/call.ts'
import { ask, type Reading } from '../support/client.ts'
import { chunked, rawUpstream, STREAM_HEAD } from '../support/raw-upstream.ts'
import { goodStream } from '../support/recorded-streams.ts'
import { startWorld, type World } from '../support/world.ts'

/** An upstream that falls silent: in every phase one timer ends it, and the record names the setting that it obeyed. */

const FAR_MS = 60_000
const SHORT_MS = 120
/** All timers are far away but the one in question, so that nothing depends on how fast the machine is. */
const ALL_FAR = { connectMs: FAR_MS, firstByteMs: FAR_MS, idleMs: FAR_MS, deadlineMs: FAR_MS, holdMs: FAR_MS }
const NO_RETRY = {
  ...DEFAULT_POLICY,
  timeout: { ...DEFAULT_POLICY.timeout, tries: ['surface'], retries: { times: 0, backoffMs: [0] } },
} as Policy

const STREAM = goodStream('chat-completions').toString('utf8')
const VISIBLE_END = STREAM.indexOf('\n\n', STREAM.indexOf('"content":"T')) + 2
/** All is said; what is missing is the end. */
const UNENDED = STREAM.slice(0, STREAM.indexOf('data: {', STREAM.lastIndexOf('"content":')))
const WHOLE = '{"choices":[{"index":0,"message":{"role":"assistant","content":"42"},"finish_reason":"stop"}]}'
const COMMENT = chunked(': still at work\n\n')

interface Stall {
  /** The only timer that is near. */
  readonly timer: 'connectMs' | 'firstByteMs' | 'idleMs' | 'deadlineMs'
  readonly stream?: boolean
  /** Something visible is out: told inside the stream. */
  readonly committed?: true
  /** What the upstream does when it is asked. */
  readonly answer: (socket: Socket) => void
}

/** Comments without end, or a few and then something else. */
function comments(socket: Socket, few = Number.POSITIVE_INFINITY, then = () => {}): void {
  let said = 0
  const timer = setInterval(() => {
    said += 1
    if (said <= few) return void socket.write(COMMENT)
    clearInterval(timer)
    then()
  }, 10)
  socket.once('close', () => clearInterval(timer))
}

const STALLS: Readonly<Record<string, Stall>> = {
  'before its head': { timer: 'firstByteMs', answer: () => {} },
  'before its head, for a whole answer': { timer: 'firstByteMs', stream: false, answer: () => {} },
  'inside its head': { timer: 'firstByteMs', answer: (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-') },
  'behind an interim answer': {
    timer: 'firstByteMs',
    answer: (socket) => void socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'),
  },
  'behind its head': { timer: 'idleMs', answer: (socket) => void socket.write(STREAM_HEAD) },
  'inside the handshake': {
    timer: 'idleMs',
    answer: (socket) =>
      void socket.write(STREAM_HEAD + chunked('data: {"choices":[{"index":0,"delta":{"role":"assist')),
  },
  'before anything visible, with comments all the while': {
    timer: 'deadlineMs',
    answer: (socket) => {
      socket.write(STREAM_HEAD)
      comments(socket)
    },
  },
  'in the middle of a whole answer': {
    timer: 'idleMs',
    stream: false,
    answer: (socket) =>
      void socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${WHOLE.length}\r\n\r\n${WHOLE.slice(0, 40)}`,
      ),
  },
  'behind visible output': {
    timer: 'idleMs',
    committed: true,
    answer: (socket) => void socket.write(STREAM_HEAD + chunked(STREAM.slice(0, VISIBLE_END))),
  },
  'inside a later event': {
    timer: 'idleMs',
    committed: true,
    answer: (socket) => void socket.write(STREAM_HEAD + chunked(STREAM.slice(0, VISIBLE_END + 20))),
  },
  'between events, with comments all the while': {
    timer: 'idleMs',
    committed: true,
    answer: (socket) => {
      socket.write(STREAM_HEAD + chunked(STREAM.slice(0, VISIBLE_END)))
      comments(socket)
    },
  },
  'before its end, when all was said': {
    timer: 'idleMs',
    committed: true,
    answer: (socket) => void socket.write(STREAM_HEAD + chunked(UNENDED)),
  },
}

async function worldBefore(baseUrl: string, limits: Partial<Limits>): Promise<World> {
  const unused = { name: 'unused', description: '', credentials: { 'tok-a': {} } }
  const world = await startWorld({
    sides: [{ provider: 'openai', scenario: unused, baseUrl }],
    limits: { ...ALL_FAR, ...limits },
    policy: NO_RETRY,
  })
  onTestFinished(() => world.close())
  return world
}

/** The verdict is a timeout that names its setting, and nothing is left over. */
async function expectTimeout(world: World, reading: Reading, timer: Stall['timer']): Promise<void> {
  expect(reading).toMatchObject({ ending: 'error', error: { message: expect.stringContaining(`limits.${timer}`) } })
  const failed = world.events.filter(({ type }) => type === 'attempt_failed')
  expect(failed).toMatchObject([
    { label: 'timeout', message: expect.stringContaining(`${SHORT_MS} ms (limits.${timer})`) },
  ])
  await expect.poll(() => world.gateway.inFlight).toBe(0)
  for (const { inFlight, benches } of await world.pool.describe('openai'))
    expect({ inFlight, benches }).toEqual({ inFlight: 0, benches: [] })
}

describe('an upstream that falls silent', () => {
  it.each(Object.entries(STALLS))('%s', async (_, { timer, stream = true, committed, answer }) => {
    const from = await rawUpstream(answer)
    const world = await worldBefore(from.url, { [timer]: SHORT_MS })
    const reading = await ask(world.gateway.url, 'chat-completions', stream)
    expect(reading.status).toBe(committed === true ? 200 : 504)
    if (committed === true) expect(reading.said).toMatch(/^T/)
    await expectTimeout(world, reading, timer)
    await expect.poll(() => from.open.size).toBe(0)
  })

  it('in the TLS handshake', async () => {
    const silent = createServer((socket) => void socket.on('error', () => {}).resume())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close())
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const world = await worldBefore(`https://127.0.0.1:${port}/v1`, { connectMs: SHORT_MS })
    await expectTimeout(world, await ask(world.gateway.url, 'chat-completions', true), 'connectMs')
  })

  it.skipIf(process.platform !== 'linux')('before it takes the connection', async () => {
    const port = await fullListener()
    const world = await worldBefore(`http://127.0.0.1:${port}/v1`, { connectMs: SHORT_MS })
    await expectTimeout(world, await ask(world.gateway.url, 'chat-completions', true), 'connectMs')
  })

  it('behind its end: the client does not wait for it', async () => {
    const from = await rawUpstream((socket) => void socket.write(STREAM_HEAD + chunked(STREAM)))
    const world = await worldBefore(from.url, {})
    expect(await ask(world.gateway.url, 'chat-completions', true)).toMatchObject({ ending: 'complete' })
    await expect.poll(() => from.open.size).toBe(0)
  })

  it('between events with comments, but not for too long: the answer goes on', async () => {
    const from = await rawUpstream((socket) => {
      socket.write(STREAM_HEAD + chunked(STREAM.slice(0, VISIBLE_END)) + COMMENT)
      comments(socket, 5, () => socket.end(`${chunked(STREAM.slice(VISIBLE_END))}0\r\n\r\n`))
    })
    const world = await worldBefore(from.url, {})
    const reading = await ask(world.gateway.url, 'chat-completions', true)
    expect(reading).toMatchObject({ ending: 'complete', said: 'The answer is 42.' })
    expect(reading.text).toContain(': still at work')
  })
})

/** A listener whose queue is full and that takes nobody out of it: whoever comes now gets no answer at all. */
async function fullListener(): Promise<number> {
  const code = `
    const { parentPort } = require('node:worker_threads')
    const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port)
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
    })`
  const thread = new Worker(code, { eval: true })
  onTestFinished(async () => void (await thread.terminate()))
  const port = await new Promise<number>((resolve) => thread.once('message', resolve))
  const fillers = Array.from({ length: 16 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  onTestFinished(() => {
    for (const each of fillers) each.destroy()
  })
  await new Promise((resolve) => fillers[0]?.once('connect', resolve))
  return port
}
