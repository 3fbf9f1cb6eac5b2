import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it, onTestFinished } from 'vitest'
import { type GatewayLimits, startGateway } from '../../src/gateway/index.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { ask } from '../support/client.ts'
import { goodStream } from '../support/recorded-streams.ts'
import { startWorld } from '../support/world.ts'

/** A gateway that stood still (a busy machine, a paused one): what came in time meanwhile is not taken for silence. */

/** Long enough for a busy machine to come to the moment at which everything stands still. */
const PATIENCE_MS = 2_000

/** A thread beside this one, so that it goes on while everything here stands still. `go` lets it act, sleeps until it has, and then on. */
function beside(code: string, data: object) {
  const flags = new Int32Array(new SharedArrayBuffer(8))
  const prelude = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { flags, ...data } = workerData
    const net = require('node:net')
    const untilTold = () => Atomics.wait(flags, 0, 0)
    const tell = () => { Atomics.store(flags, 1, 1); Atomics.notify(flags, 1) }`
  const thread = new Worker(prelude + code, { eval: true, workerData: { flags, ...data } })
  onTestFinished(async () => void (await thread.terminate()))
  const go = (sleepMs: number) => {
    Atomics.store(flags, 0, 1)
    Atomics.notify(flags, 0)
    Atomics.wait(flags, 1, 0)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, sleepMs)
  }
  return { thread, go, heard: async () => (await once(thread, 'message'))[0] as unknown }
}

/** How long node:http keeps an idle connection: 5 s, and 1 s that it does not promise. */
const KEEP_ALIVE_MS = 6_000

const CHUNKED = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

it('an upstream that went on meanwhile did not fall silent', async () => {
  const stream = goodStream('chat-completions').toString('utf8')
  const first = stream.slice(0, stream.indexOf('\n\n', stream.indexOf('"content":"T')) + 2)
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
  const rest = `${CHUNKED(stream.slice(first.length))}0\r\n\r\n`
  const upstream = beside(
    `
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.write(data.first, () => {
        untilTold()
        socket.write(data.rest, tell)
      }))
    })
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
    { first: head + CHUNKED(first), rest },
  )
  const unused = { name: 'unused', description: '', credentials: { 'tok-a': {} } }
  const baseUrl = `http://127.0.0.1:${String(await upstream.heard())}/v1`
  const world = await startWorld({
    sides: [{ provider: 'openai', scenario: unused, baseUrl }],
    limits: { idleMs: PATIENCE_MS },
  })
  onTestFinished(() => world.close())
  const asked = ask(world.gateway.url, 'chat-completions', true, {
    fetch: async (url, init) => {
      const response = await fetch(url, init)
      // The first piece is here, and the gateway waits for the next.
      upstream.go(PATIENCE_MS + 200)
      return response
    },
  })
  expect(await asked).toMatchObject({ ending: 'complete', said: 'The answer is 42.' })
  expect(world.events.filter(({ type }) => type === 'attempt_failed')).toEqual([])
})

/** A gateway that can be asked for its models, and a client that has sent a beginning and sends the rest when everything stands still. */
async function clientBeside(limits: Partial<GatewayLimits>, beginning: string, awaited: string, rest: string) {
  const house = {
    resolveChain: () => ({ kind: 'chain' as const, chain: [] }),
    listModels: () => ['gpt-5.5'],
    clients: [],
  }
  const relay = { answer: () => Promise.reject(new Error('not asked')) }
  const gateway = await startGateway({
    relay,
    house,
    platform: systemPlatform,
    port: 0,
    limits,
  })
  onTestFinished(async () => void (await gateway.close(0)))
  const client = beside(
    `
    let text = ''
    const socket = net.connect(data.port, '127.0.0.1', () => socket.write(data.beginning))
    const begun = () => {
      parentPort.postMessage('begun')
      untilTold()
      text = ''
      socket.write(data.rest, tell)
      socket.on('data', (part) => {
        text += part
        if (text.includes('gpt-5.5') || text.includes('408')) parentPort.postMessage(text)
      })
    }
    if (data.awaited === '') socket.once('connect', () => setImmediate(begun))
    else socket.on('data', function onData(part) {
      text += part
      if (!text.includes(data.awaited)) return
      socket.off('data', onData)
      begun()
    })
    socket.on('error', (error) => parentPort.postMessage(String(error)))
    socket.on('close', () => parentPort.postMessage('closed'))`,
    { port: gateway.port, beginning, awaited, rest },
  )
  expect(await client.heard()).toBe('begun')
  // Whoever comes later is answered: so the earlier connection is known.
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
  return client
}

const HEAD = 'GET /v1/models HTTP/1.1\r\n'
const END = 'host: 127.0.0.1\r\n\r\n'

it('a client whose first request came meanwhile is answered', async () => {
  const client = await clientBeside({ headersMs: PATIENCE_MS, requestMs: PATIENCE_MS }, HEAD, '', END)
  const answered = client.heard()
  // node:http looks once a second.
  client.go(PATIENCE_MS + 1_200)
  expect(await answered).toMatch(/^HTTP\/1\.1 200 OK/)
})

it('a client whose next request came meanwhile, on a connection that was idle, is answered', async () => {
  const client = await clientBeside({}, HEAD + END, 'gpt-5.5', HEAD + END)
  const answered = client.heard()
  client.go(KEEP_ALIVE_MS + 500)
  expect(await answered).toMatch(/^HTTP\/1\.1 200 OK/)
})
