import { connect, createServer, type Server, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it } from 'vitest'
import { goodStream } from '../support/recorded-streams.ts'
import { startWorld, type World } from '../support/world.ts'

/** Slow clients, stalled clients, clients that leave, upstreams that stall and upstreams that flood: bounded memory, and nothing left behind. */

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const STREAM = goodStream('chat-completions').toString('utf8')
const VISIBLE_END = STREAM.indexOf('\n\n', STREAM.indexOf('"content":"T')) + 2
const UNUSED = { name: 'unused', description: '', credentials: { 'tok-a': {} } }
const MEBIBYTE = 1024 * 1024

const running: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop()
})

interface Upstream {
  readonly url: string
  readonly open: Set<Socket>
  /** Connections that there ever were. */
  readonly connections: () => number
}

/** A raw upstream; `answer` is called once for each request that has come whole. */
async function upstream(answer: (socket: Socket, request: string) => void): Promise<Upstream> {
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
  running.push(() => {
    for (const socket of open) socket.destroy()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}/v1`, open, connections: () => connections }
}

async function worldBefore(url: string): Promise<World> {
  const world = await startWorld({ sides: [{ provider: 'openai', scenario: UNUSED, baseUrl: url }] })
  running.push(() => world.close())
  return world
}

const BODY = '{"model":"gpt-5.5","stream":true,"messages":[{"role":"user","content":"hello"}]}'
const request = (body = BODY, more = '') =>
  `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${more}content-length: ${body.length}\r\n\r\n${body}`

function client(world: World): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(world.gateway.port, '127.0.0.1', () => resolve(socket))
    socket.on('error', () => {})
  })
}

/** Reads until the text has something in it. */
function until(socket: Socket, mark: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const onData = (data: Buffer) => {
      text += data.toString('latin1')
      if (!text.includes(mark)) return
      socket.off('data', onData)
      resolve(text)
    }
    socket.on('data', onData)
    socket.once('close', () => reject(new Error(`closed before ${mark}: ${text}`)))
  })
}

const chunked = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

async function atRest(world: World, from: Upstream): Promise<void> {
  await expect.poll(() => world.gateway.inFlight, { timeout: 15_000 }).toBe(0)
  for (const { inFlight, benches } of await world.pool.describe('openai'))
    expect({ inFlight, benches }).toEqual({ inFlight: 0, benches: [] })
  await expect.poll(() => from.open.size, { timeout: 15_000 }).toBe(0)
}

/** Where the upstream falls silent. */
const PHASES: Readonly<Record<string, (socket: Socket) => void>> = {
  'before its head': () => {},
  'behind its head': (socket) => void socket.write(HEAD),
  'inside the first frame': (socket) => void socket.write(HEAD + chunked(STREAM.slice(0, 20))),
  'before anything visible': (socket) => void socket.write(HEAD + chunked(': hold on\n\n')),
  'behind visible output': (socket) => void socket.write(HEAD + chunked(STREAM.slice(0, VISIBLE_END))),
  'inside a later frame': (socket) => void socket.write(HEAD + chunked(STREAM.slice(0, VISIBLE_END + 15))),
}

describe('the client leaves', () => {
  it.each(Object.entries(PHASES))('while the upstream is silent %s', async (_, stall) => {
    const asked = deferred()
    const cut = deferred()
    const from = await upstream((socket) => {
      socket.once('close', cut.resolve)
      stall(socket)
      asked.resolve()
    })
    const world = await worldBefore(from.url)
    const socket = await client(world)
    socket.write(request())
    await asked.promise
    socket.destroy()
    // By order of events: the upstream hears of it although it says nothing, and no timer is near.
    await cut.promise
    await atRest(world, from)
    expect(world.events.find(({ type }) => type === 'call_ended')).toMatchObject({ outcome: 'cancelled' })
  })

  it('in the middle of its own body', async () => {
    const from = await upstream(() => {})
    const world = await worldBefore(from.url)
    const socket = await client(world)
    socket.write(request().slice(0, -10))
    await expect.poll(() => world.gateway.inFlight).toBe(1)
    socket.destroy()
    await atRest(world, from)
    expect(from.connections()).toBe(0)
  })
})

describe('an upstream that floods', () => {
  const EVENT = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(16_000)}"}}]}\n\n`

  it('is held back by a client that does not read, and cut when it leaves', async () => {
    let accepted = 0
    let flooding: Socket | undefined
    const held = deferred()
    const from = await upstream((socket) => {
      flooding = socket
      socket.write(HEAD)
      const pour = () => {
        while (accepted < 100 * MEBIBYTE && !socket.destroyed) {
          accepted += EVENT.length
          if (!socket.write(chunked(EVENT))) {
            held.resolve()
            socket.once('drain', pour)
            return
          }
        }
      }
      pour()
    })
    const world = await worldBefore(from.url)
    const socket = await client(world)
    socket.pause()
    socket.write(request())
    await held.promise
    // Nothing moves any more: all buffers on the way are full, and they are small.
    let last = -1
    await expect
      .poll(
        () => {
          const still = accepted === last
          last = accepted
          return still
        },
        { interval: 300, timeout: 15_000 },
      )
      .toBe(true)
    expect(accepted).toBeLessThan(40 * MEBIBYTE)
    expect(flooding?.destroyed).toBe(false)
    socket.destroy()
    await atRest(world, from)
  })

  it('reaches a slow client whole', async () => {
    const count = 2_000
    const from = await upstream((socket) => {
      socket.write(HEAD)
      let sent = 0
      const pour = () => {
        while (sent < count) {
          sent += 1
          if (!socket.write(chunked(EVENT))) return void socket.once('drain', pour)
        }
        socket.end(
          `${chunked('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')}0\r\n\r\n`,
        )
      }
      pour()
    })
    const world = await worldBefore(from.url)
    const response = await fetch(`${world.gateway.url}/v1/chat/completions`, { method: 'POST', body: BODY })
    let bytes = 0
    let tail = ''
    let largestBuffersBytes = 0
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += part.length
      tail = (tail + Buffer.from(part).toString('latin1')).slice(-100)
      largestBuffersBytes = Math.max(largestBuffersBytes, process.memoryUsage().arrayBuffers)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(bytes).toBeGreaterThan(count * EVENT.length)
    expect(tail).toContain('data: [DONE]\n\n')
    expect(largestBuffersBytes).toBeLessThan(250 * MEBIBYTE)
  }, 60_000)
})

it('2,000 aborted streams leave nothing: no socket, no timer, no lease, no heap', async () => {
  const from = await upstream((socket) => void socket.write(HEAD + chunked(STREAM.slice(0, VISIBLE_END))))
  const world = await worldBefore(from.url)
  const abort = async (count: number) => {
    for (let done = 0; done < count; done += 50)
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const socket = await client(world)
          const visible = until(socket, '"content":"T')
          socket.write(request())
          await visible
          socket.destroy()
        }),
      )
    await atRest(world, from)
  }
  await abort(400)
  const before = measure()
  ;(world.events as unknown[]).length = 0
  await abort(2_000)
  ;(world.events as unknown[]).length = 0
  await expect.poll(() => measure().timers).toBeLessThanOrEqual(before.timers + 3)
  await expect.poll(() => measure().sockets).toBeLessThanOrEqual(before.sockets)
  // 2,000 streams that were each kept would be far more than this.
  await expect.poll(() => measure().heapBytes - before.heapBytes).toBeLessThan(8 * MEBIBYTE)
}, 300_000)

function measure(): { readonly heapBytes: number; readonly timers: number; readonly sockets: number } {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const resources = process.getActiveResourcesInfo()
  const count = (name: string) => resources.filter((each) => each === name).length
  return { heapBytes: process.memoryUsage().heapUsed, timers: count('Timeout'), sockets: count('TCPSocketWrap') }
}

describe('HTTP on the way in and out', () => {
  const ANSWER = '{"choices":[{"index":0,"message":{"role":"assistant","content":"42"},"finish_reason":"stop"}]}'
  const GOOD = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${ANSWER.length}\r\n\r\n${ANSWER}`
  const ONE = BODY.replace('true', 'false')

  it('answers Expect: 100-continue before the body comes, and does not pass it on', async () => {
    const seen: string[] = []
    const from = await upstream((socket, text) => {
      seen.push(text)
      socket.write(GOOD)
    })
    const world = await worldBefore(from.url)
    const socket = await client(world)
    const whole = request(ONE, 'expect: 100-continue\r\n')
    const bodyAt = whole.indexOf('\r\n\r\n') + 4
    const told = until(socket, '100 Continue')
    socket.write(whole.slice(0, bodyAt))
    await told
    const answered = until(socket, '"42"')
    socket.write(whole.slice(bodyAt))
    expect(await answered).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(seen.join('')).not.toMatch(/expect:/i)
    socket.destroy()
  })

  it('uses connections again, on both sides, for one call after the other and for calls sent at once', async () => {
    const from = await upstream((socket) => void socket.write(GOOD))
    const world = await worldBefore(from.url)
    const socket = await client(world)
    for (let call = 0; call < 5; call += 1) {
      const answered = until(socket, '"42"')
      socket.write(request(ONE))
      await answered
    }
    expect(from.connections()).toBe(1)
    const third = new Promise<string>((resolve) => {
      let text = ''
      socket.on('data', (data: Buffer) => {
        text += data.toString('latin1')
        if (text.split('"42"').length === 4) resolve(text)
      })
    })
    socket.write(request(ONE).repeat(3))
    expect((await third).split('HTTP/1.1 200 OK')).toHaveLength(4)
    socket.destroy()
  })

  it('bears trailers from the client and from the upstream', async () => {
    const bytes = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n${chunked(STREAM)}0\r\nx-sum: 1\r\n\r\n`
    const from = await upstream((socket) => void socket.write(bytes))
    const world = await worldBefore(from.url)
    const socket = await client(world)
    const answered = until(socket, '0\r\n\r\n')
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\ntrailer: x-end\r\n\r\n${chunked(BODY)}0\r\nx-end: 1\r\n\r\n`,
    )
    const text = await answered
    expect(text).toContain('[DONE]')
    expect(text).not.toContain('x-sum')
    socket.destroy()
  })

  it('leaves no half answer when an interim answer comes first', async () => {
    const from = await upstream((socket) => void socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${GOOD}`))
    const world = await worldBefore(from.url)
    const socket = await client(world)
    const answered = until(socket, '"42"')
    socket.write(request(ONE))
    expect(await answered).toMatch(/^HTTP\/1\.1 200 OK/)
    socket.destroy()
  })
})

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
