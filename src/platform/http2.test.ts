import { once } from 'node:events'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { textOf, verdictOn } from '../../test/support/network-verdict.ts'
import { http1Upstream, http2Upstream, TEST_CA } from '../../test/support/tls-upstream.ts'
import { Connections } from './connections.ts'
import { Http2Sessions } from './http2-sessions.ts'
import type { NetworkRequest } from './network.ts'
import { undiciNetwork } from './undici-network.ts'

const TIMEOUTS = { connectMs: 10_000, firstByteMs: 10_000, idleMs: 10_000 }
const signal = () => new AbortController().signal

function network() {
  const made = undiciNetwork({ ca: TEST_CA })
  onTestFinished(() => made.close())
  return made
}

function post(url: string, body = '{}', more: Partial<NetworkRequest> = {}): NetworkRequest {
  return { method: 'POST', url, headers: [['Content-Type', 'application/json']], body: Buffer.from(body), ...more }
}

/** Node's own `close(code)` ends a half-written stream properly before it resets it. */
function resetWith(stream: ServerHttp2Stream, code: number): void {
  const handle = Object.getOwnPropertySymbols(stream)
    .map((symbol) => (stream as unknown as Record<symbol, unknown>)[symbol])
    .find((value) => typeof (value as { rstStream?: unknown } | undefined)?.rstStream === 'function')
  ;(handle as { rstStream: (code: number) => void }).rstStream(code)
}

describe('an upstream that offers HTTP/2', () => {
  it('gets a request as it was prepared, and its answer comes back with all headers', async () => {
    const seen: unknown[] = []
    const upstream = await http2Upstream((stream, headers) => {
      void textOf({ body: stream }).then((body) => {
        seen.push({ ...headers, body })
        stream.respond({ ':status': 201, 'x-request-id': 'r1', 'set-cookie': ['a=1', 'b=2'] })
        stream.end('{"ok":true}')
      })
    })
    const answer = await network().send(
      post(`${upstream.url}/v1/responses?a=b`, '{"model":"m"}', {
        headers: [
          ['Authorization', 'Bearer t'],
          ['Connection', 'keep-alive'],
          ['X-Twice', '1'],
          ['x-twice', '2'],
        ],
      }),
      TIMEOUTS,
      signal(),
    )
    expect(seen).toMatchObject([
      {
        ':method': 'POST',
        ':path': '/v1/responses?a=b',
        ':authority': `127.0.0.1:${upstream.port}`,
        authorization: 'Bearer t',
        'content-length': '13',
        'x-twice': '1, 2',
        body: '{"model":"m"}',
      },
    ])
    expect(seen[0]).not.toHaveProperty('connection')
    expect(answer.status).toBe(201)
    expect(answer.headers).toEqual(
      expect.arrayContaining([
        ['x-request-id', 'r1'],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ]),
    )
    expect(await textOf(answer)).toBe('{"ok":true}')
  })

  it('gets many calls on one connection, and never more than 32', async () => {
    const held: ServerHttp2Stream[] = []
    const upstream = await http2Upstream((stream) => {
      held.push(stream)
      if (held.length >= 40) for (const each of held) if (!each.writableEnded) each.end(`${each.id}`)
    })
    const net = network()
    const answers = await Promise.all(
      Array.from({ length: 40 }, async () => textOf(await net.send(post(upstream.url), TIMEOUTS, signal()))),
    )
    expect(answers).toHaveLength(40)
    expect(upstream.sessions).toHaveLength(2)
    expect(await textOf(await net.send(post(upstream.url), TIMEOUTS, signal()))).toMatch(/^\d+$/)
    expect(upstream.sessions).toHaveLength(2)
  })

  it('is spoken to in HTTP/1.1 when the configuration says so', async () => {
    const upstream = await http1Upstream((_request, response) => response.end('one'))
    const answer = await network().send(post(upstream.url, '{}', { http2: false }), TIMEOUTS, signal())
    expect(await textOf(answer)).toBe('one')
    expect(upstream.sockets).toHaveLength(1)
  })

  it.each([
    ['resets the stream', (stream: ServerHttp2Stream) => resetWith(stream, constants.NGHTTP2_CANCEL)],
    ['resets the stream with an error', (stream: ServerHttp2Stream) => stream.destroy(new Error('broken'))],
    ['loses the connection', (stream: ServerHttp2Stream) => stream.session?.destroy()],
  ])('that %s in mid-answer has not ended it', async (_what, breakOff) => {
    const upstream = await http2Upstream((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' })
      stream.write('data: 1\n\n', () => breakOff(stream))
    })
    const answer = await network().send(post(upstream.url), TIMEOUTS, signal())
    expect(await verdictOn(textOf(answer))).toBe('connection')
  })

  it.each([
    ['resets the stream', (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)],
    ['loses the connection', (stream: ServerHttp2Stream) => stream.session?.destroy()],
  ])('that %s before its answer has failed, and the next call goes well', async (_what, breakOff) => {
    let asked = 0
    const upstream = await http2Upstream((stream) => {
      asked += 1
      if (asked === 1) breakOff(stream)
      else stream.end('well')
    })
    const net = network()
    expect(await verdictOn(net.send(post(upstream.url), TIMEOUTS, signal()))).toBe('connection')
    expect(await textOf(await net.send(post(upstream.url), TIMEOUTS, signal()))).toBe('well')
  })

  it('that says goodbye gets no new call, and what is under way finishes', async () => {
    const streams: ServerHttp2Stream[] = []
    const upstream = await http2Upstream((stream) => {
      streams.push(stream)
      stream.respond({ ':status': 200 })
      if (streams.length === 1) stream.write('first ')
      else stream.end('other')
    })
    const net = network()
    const first = await net.send(post(upstream.url), TIMEOUTS, signal())
    const chunks = first.body[Symbol.asyncIterator]()
    expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('first ')
    upstream.sessions[0]?.goaway(constants.NGHTTP2_NO_ERROR)
    streams[0]?.write('second ')
    expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('second ')
    expect(await textOf(await net.send(post(upstream.url), TIMEOUTS, signal()))).toBe('other')
    expect(upstream.sessions).toHaveLength(2)
    streams[0]?.end('last')
    expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('last')
    expect((await chunks.next()).done).toBe(true)
  })

  it('learns at once that a caller has left, and the neighbours on the connection go on', async () => {
    const streams: ServerHttp2Stream[] = []
    const upstream = await http2Upstream((stream) => {
      streams.push(stream)
      stream.respond({ ':status': 200 })
      stream.write('begun')
    })
    const net = network()
    const cut = new AbortController()
    const [leaving, staying] = [
      await net.send(post(upstream.url), TIMEOUTS, cut.signal),
      await net.send(post(upstream.url), TIMEOUTS, signal()),
    ]
    const [left, stayed] = streams
    if (left === undefined || stayed === undefined) throw new Error('no streams')
    const closed = once(left, 'close')
    cut.abort()
    expect(await verdictOn(textOf(leaving))).toBe('cancelled')
    await closed
    expect(left.rstCode).toBe(constants.NGHTTP2_CANCEL)
    stayed.end(' and ended')
    expect(await textOf(staying)).toBe('begun and ended')
    expect(upstream.sessions).toHaveLength(1)
  })

  it('is held back by a slow reader alone: its neighbours get theirs', async () => {
    const big = Buffer.alloc(4 * 1024 * 1024, 'x')
    const streams: ServerHttp2Stream[] = []
    const upstream = await http2Upstream((stream) => {
      streams.push(stream)
      stream.end(big)
    })
    const net = network()
    const slow = await net.send(post(upstream.url), TIMEOUTS, signal())
    for (let count = 0; count < 5; count += 1)
      expect((await textOf(await net.send(post(upstream.url), TIMEOUTS, signal()))).length).toBe(big.length)
    // Of the unread one no more was taken than its window and what waits for its reader.
    expect(streams[0]?.writableFinished).toBe(false)
    expect((await textOf(slow)).length).toBe(big.length)
    expect(upstream.sessions).toHaveLength(1)
  })

  it('that reads one long request slowly gets the next one all the same', async () => {
    const streams: ServerHttp2Stream[] = []
    const upstream = await http2Upstream((stream) => {
      streams.push(stream)
      if (streams.length > 1) stream.end('well')
    })
    const net = network()
    // Longer than what node lets one connection hold in memory.
    const long = net.send(post(upstream.url, 'x'.repeat(24 * 1024 * 1024)), TIMEOUTS, signal())
    while (streams.length === 0) await new Promise(setImmediate)
    expect(await textOf(await net.send(post(upstream.url), TIMEOUTS, signal()))).toBe('well')
    expect(upstream.sessions).toHaveLength(1)
    const [first] = streams
    first?.resume()
    first?.on('end', () => first.end('read'))
    expect(await textOf(await long)).toBe('read')
  })

  it('that answers before it has taken the request gives its place back', async () => {
    const upstream = await http2Upstream((stream) => {
      stream.respond({ ':status': 413 })
      stream.end('too long')
    })
    const net = network()
    for (let count = 0; count < 40; count += 1) {
      const answer = await net.send(post(upstream.url, 'x'.repeat(300_000)), TIMEOUTS, signal())
      expect([answer.status, await textOf(answer)]).toEqual([413, 'too long'])
    }
    expect(upstream.sessions).toHaveLength(1)
  })

  it('that ends a call without any answer has failed it', async () => {
    const upstream = await http2Upstream((stream) => resetWith(stream, constants.NGHTTP2_NO_ERROR))
    expect(await verdictOn(network().send(post(upstream.url), TIMEOUTS, signal()))).toBe('connection')
  })

  describe('whose connection was silent for a while', () => {
    /** A connection through something that may stop passing anything on, without a word. */
    async function throughFront(doubt: { readonly afterMs: number; readonly pingMs: number }) {
      const through: Socket[] = []
      const upstream = await http2Upstream((stream) => stream.end('well'))
      const front = createTcpServer((near) => {
        const far = connectTcp(upstream.port, '127.0.0.1')
        through.push(near)
        for (const each of [near, far]) each.on('error', () => undefined)
        near.pipe(far).pipe(near)
      })
      await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => {
        for (const each of through) each.destroy()
        front.close()
      })
      const { port } = front.address() as { port: number }
      const sessions = new Http2Sessions(new Connections({ ca: TEST_CA }), doubt)
      onTestFinished(() => sessions.close())
      const address = { origin: `https://127.0.0.1:${port}`, path: '/' }
      const ask = async () => {
        const answer = await sessions.send(post(address.origin), address, 10_000, signal())
        return answer === undefined ? undefined : textOf(answer)
      }
      const goDead = () => {
        through[0]?.unpipe()
        through[0]?.pause()
      }
      return { ask, goDead, through }
    }

    it('is asked whether it lives, and connected to anew when it does not', async () => {
      const { ask, goDead, through } = await throughFront({ afterMs: 0, pingMs: 200 })
      expect(await ask()).toBe('well')
      expect(await ask()).toBe('well')
      expect(through).toHaveLength(1)
      goDead()
      expect(await ask()).toBe('well')
      expect(through).toHaveLength(2)
    })

    it('is doubted although calls keep being sent into it', async () => {
      const now = vi.spyOn(performance, 'now')
      onTestFinished(() => now.mockRestore())
      now.mockReturnValue(1_000)
      const { ask, goDead, through } = await throughFront({ afterMs: 100, pingMs: 200 })
      expect(await ask()).toBe('well')
      goDead()
      now.mockReturnValue(1_080)
      const lost = ask().catch(() => 'lost')
      now.mockReturnValue(1_160)
      expect(await ask()).toBe('well')
      expect(through).toHaveLength(2)
      for (const each of through) each.destroy()
      expect(await lost).toBe('lost')
    })

    it('is asked once for a burst of calls, and carries them all', async () => {
      const { ask, through } = await throughFront({ afterMs: 0, pingMs: 10_000 })
      expect(await ask()).toBe('well')
      expect(new Set(await Promise.all(Array.from({ length: 24 }, ask)))).toEqual(new Set(['well']))
      expect(through).toHaveLength(1)
    })
  })
})

describe('a connection made ahead', () => {
  it('in HTTP/2 carries the first call', async () => {
    const upstream = await http2Upstream((stream) => stream.end('well'))
    const net = network()
    await net.prepare?.({ url: `${upstream.url}/v1` }, 10_000)
    expect(upstream.sockets).toHaveLength(1)
    expect(await textOf(await net.send(post(upstream.url), TIMEOUTS, signal()))).toBe('well')
    expect(upstream.sockets).toHaveLength(1)
  })

  it('in HTTP/1.1 carries the first call, and the second after it', async () => {
    const upstream = await http1Upstream((_request, response) => response.end('well'))
    const net = network()
    await net.prepare?.({ url: `${upstream.url}/v1` }, 10_000)
    for (let count = 0; count < 2; count += 1) {
      expect(await textOf(await net.send(post(upstream.url), TIMEOUTS, signal()))).toBe('well')
      // undici has the connection back a turn after the answer.
      await new Promise(setImmediate)
    }
    expect(upstream.sockets).toHaveLength(1)
  })

  it('that the upstream has closed meanwhile harms nobody', async () => {
    const upstream = await http1Upstream((_request, response) => response.end('well'))
    const net = network()
    await net.prepare?.({ url: `${upstream.url}/v1` }, 10_000)
    const [socket] = upstream.sockets
    if (socket === undefined) throw new Error('no connection')
    const gone = once(socket, 'close')
    socket.destroySoon()
    await gone
    await new Promise(setImmediate)
    expect(await textOf(await net.send(post(upstream.url), TIMEOUTS, signal()))).toBe('well')
    expect(upstream.sockets).toHaveLength(2)
  })

  it('to nobody is no trouble before the call', async () => {
    await expect(network().prepare?.({ url: 'https://127.0.0.1:1/v1' }, 1_000)).resolves.toBeUndefined()
  })
})

it('answers to calls in HTTP/1.1 and HTTP/2 end alike when the caller cuts them while connecting', async () => {
  const silent = createTcpServer((socket) => void socket.on('error', () => undefined))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as { port: number }
  const net = network()
  const errors = await Promise.all(
    [undefined, false].map(async (http2) => {
      const cut = new AbortController()
      const sent = net.send(post(`https://127.0.0.1:${port}`, '{}', { http2 }), TIMEOUTS, cut.signal)
      setImmediate(() => cut.abort())
      return sent.then(
        () => 'answered',
        (error: unknown) => (error as { code?: string }).code,
      )
    }),
  )
  expect(errors).toEqual(['UND_ERR_ABORTED', 'UND_ERR_ABORTED'])
})
