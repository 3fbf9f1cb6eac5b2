import { connect, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, onTestFinished } from 'vitest'
import { chunked, type RawUpstream, rawUpstream, STREAM_HEAD } from '../support/raw-upstream.ts'
import { goodStream } from '../support/recorded-streams.ts'
import { startWorld, type World } from '../support/world.ts'

/** Slow clients, stalled clients, clients that leave, upstreams that stall and upstreams that flood: bounded memory, and nothing left behind. */

const STREAM = goodStream('chat-completions').toString('utf8')
const VISIBLE_END = STREAM.indexOf('\n\n', STREAM.indexOf('"content":"T')) + 2
const UNUSED = { name: 'unused', description: '', credentials: { 'tok-a': {} } }
const MEBIBYTE = 1024 * 1024

async function worldBefore(url: string): Promise<World> {
  const world = await startWorld({ sides: [{ provider: 'openai', scenario: UNUSED, baseUrl: url }] })
  onTestFinished(() => world.close())
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

async function atRest(world: World, from: RawUpstream): Promise<void> {
  await expect.poll(() => world.gateway.inFlight, { timeout: 15_000 }).toBe(0)
  for (const { inFlight, benches } of await world.pool.describe('openai'))
    expect({ inFlight, benches }).toEqual({ inFlight: 0, benches: [] })
  await expect.poll(() => from.open.size, { timeout: 15_000 }).toBe(0)
}

/** Where the upstream falls silent. */
const PHASES: Readonly<Record<string, (socket: Socket) => void>> = {
  'before its head': () => {},
  'behind its head': (socket) => void socket.write(STREAM_HEAD),
  'inside the first frame': (socket) => void socket.write(STREAM_HEAD + chunked(STREAM.slice(0, 20))),
  'before anything visible': (socket) => void socket.write(STREAM_HEAD + chunked(': hold on\n\n')),
  'behind visible output': (socket) => void socket.write(STREAM_HEAD + chunked(STREAM.slice(0, VISIBLE_END))),
  'inside a later frame': (socket) => void socket.write(STREAM_HEAD + chunked(STREAM.slice(0, VISIBLE_END + 15))),
}

describe('the client leaves', () => {
  it.each(Object.entries(PHASES))('while the upstream is silent %s', async (_, stall) => {
    const asked = deferred()
    const cut = deferred()
    const from = await rawUpstream((socket) => {
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
    const from = await rawUpstream(() => {})
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
    const from = await rawUpstream((socket) => {
      flooding = socket
      socket.write(STREAM_HEAD)
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
    const from = await rawUpstream((socket) => {
      socket.write(STREAM_HEAD)
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

it('1,200 streams that are left in every phase leave nothing: no socket, no timer, no lease, no heap', async () => {
  const phases = Object.values(PHASES)
  const asked = new Map<number, () => void>()
  const from = await rawUpstream((socket, text) => {
    const number = Number(/number (\d+)/.exec(text)?.[1])
    phases[number % phases.length]?.(socket)
    asked.get(number)?.()
  })
  const world = await worldBefore(from.url)
  let last = 0
  const abortOne = async () => {
    const number = (last += 1)
    const reached = new Promise<void>((resolve) => asked.set(number, resolve))
    const socket = await client(world)
    // The last two phases are those behind visible output: the client has seen it.
    const seen = number % phases.length >= phases.length - 2 ? until(socket, '"content":"T') : undefined
    socket.write(request(BODY.replace('hello', `number ${number}`)))
    await reached
    asked.delete(number)
    await seen
    socket.destroy()
  }
  const abort = async (count: number) => {
    for (let done = 0; done < count; done += 50) await Promise.all(Array.from({ length: 50 }, abortOne))
    await atRest(world, from)
  }
  await abort(300)
  const before = measure()
  ;(world.events as unknown[]).length = 0
  await abort(1_200)
  const ends = world.events.filter(({ type }) => type === 'call_ended')
  expect(ends).toHaveLength(1_200)
  expect(ends.filter((end) => 'outcome' in end && end.outcome !== 'cancelled')).toEqual([])
  ends.length = 0
  ;(world.events as unknown[]).length = 0
  await expect.poll(() => measure().timers).toBeLessThanOrEqual(before.timers + 3)
  await expect.poll(() => measure().sockets).toBeLessThanOrEqual(before.sockets)
  // 1,200 streams that were each kept would be far more than this.
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
    const from = await rawUpstream((socket, text) => {
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
    const from = await rawUpstream((socket) => void socket.write(GOOD))
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
    const from = await rawUpstream((socket) => void socket.write(bytes))
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
    const from = await rawUpstream(
      (socket) => void socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${GOOD}`),
    )
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
