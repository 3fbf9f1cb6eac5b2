import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import * as zlib from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { systemPlatform } from '../platform/platform.ts'
import { PROVIDERS } from '../providers/_registry.ts'
import type { Call, RelayAnswer, Route } from '../relay/call.ts'
import { clientKey, type Gateway, type GatewayOptions, startGateway } from './index.ts'

const PATHS = ['/v1/responses', '/v1/chat/completions', '/v1/messages', '/backend-api/codex/responses'] as const
const BODY = JSON.stringify({ model: 'm', input: 'x', messages: [] })

const running: Gateway[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.close(0)))
})

function route(): Route {
  const definition = PROVIDERS['openai']
  if (definition === undefined) throw new Error('no provider')
  return {
    provider: 'openai',
    model: 'm',
    definition,
    baseUrl: 'http://127.0.0.1:1',
    headers: [],
    wires: definition.wires,
  }
}

type Answering = (call: Call) => Promise<RelayAnswer> | RelayAnswer

function answerOf(
  chunks: AsyncIterable<Uint8Array>,
  headers: RelayAnswer['headers'] = [['content-type', 'application/json']],
): RelayAnswer {
  return { status: 200, headers, body: chunks, ended: Promise.resolve({ outcome: 'answered', attempts: [] }) }
}

async function* one(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

/** A gateway before a relay that records its calls. */
async function begin(options: Partial<GatewayOptions> & { readonly answer?: Answering } = {}) {
  const calls: Call[] = []
  const { answer = () => answerOf(one('{"ok":true}')), ...rest } = options
  const gateway = await startGateway({
    relay: {
      answer: async (call) => {
        calls.push(call)
        return answer(call)
      },
    },
    house: {
      resolveChain: (model) =>
        model === 'unknown'
          ? { kind: 'unknown', message: 'no route serves the model "unknown"; did you mean "m"?' }
          : { kind: 'chain', chain: [route()] },
      listModels: () => ['m', 'n'],
      clients: [],
    },
    platform: systemPlatform,
    port: 0,
    ...rest,
  })
  running.push(gateway)
  return { gateway, calls }
}

async function post(gateway: Gateway, path: string, body: Uint8Array | string, headers: Record<string, string> = {}) {
  const response = await fetch(gateway.url + path, { method: 'POST', body, headers })
  return {
    status: response.status,
    code: response.headers.get('x-sparekey-error'),
    headers: response.headers,
    text: await response.text(),
  }
}

/** Sends raw bytes and reads until the server ends the connection. */
function raw(gateway: Gateway, text: string, keepOpen = false): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(gateway.port, '127.0.0.1')
    let received = ''
    socket.on('data', (part: Buffer) => {
      received += part.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
    if (keepOpen) socket.write(text)
    else socket.end(text)
  })
}

describe('bad input', () => {
  it.each([
    ['malformed JSON', '{"model":', 400, 'invalid_json'],
    ['an empty body', '', 400, 'invalid_json'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe]), 400, 'invalid_json'],
    ['an array', '[]', 400, 'invalid_body'],
    ['a number', '7', 400, 'invalid_body'],
    ['null', 'null', 400, 'invalid_body'],
    ['no model', '{}', 400, 'model_missing'],
    ['an empty model', '{"model":""}', 400, 'model_missing'],
    ['a model that is no text', '{"model":7}', 400, 'model_missing'],
    ['an unknown model', '{"model":"unknown"}', 404, 'model_unknown'],
  ] as const)('%s is told in the wire of the path', async (_what, body, status, code) => {
    const { gateway, calls } = await begin()
    for (const path of PATHS) {
      const answer = await post(gateway, path, body)
      expect(answer).toMatchObject({ status, code })
      const parsed = JSON.parse(answer.text) as { type?: string; error: { message: string } }
      expect(parsed.error.message).not.toBe('')
      expect(parsed.type).toBe(path === '/v1/messages' ? 'error' : undefined)
    }
    expect(calls).toEqual([])
    expect((await post(gateway, '/v1/responses', BODY)).status).toBe(200)
  })

  it('a body over the limit, announced or not, is refused before it is kept', async () => {
    const { gateway, calls } = await begin({ limits: { bodyBytes: 100_000 } })
    const large = JSON.stringify({ model: 'm', input: 'x'.repeat(200_000) })
    expect(await post(gateway, '/v1/responses', large)).toMatchObject({ status: 413, code: 'body_too_large' })
    // Headers that promise too much are answered without a byte of body.
    expect(
      await raw(gateway, 'POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 99999999999\r\n\r\n', true),
    ).toMatch(/^HTTP\/1.1 413 /)
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`
    expect(
      await raw(
        gateway,
        `POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(3)}`,
        true,
      ),
    ).toMatch(/^HTTP\/1.1 413 /)
    expect(calls).toEqual([])
    expect((await post(gateway, '/v1/responses', BODY)).status).toBe(200)
  })

  it('a bomb is stopped at the limit of what comes out', async () => {
    const { gateway } = await begin({ limits: { bodyBytes: 1_000_000 } })
    const zeros = Buffer.alloc(50_000_000)
    for (const [encoding, packed] of [
      ['gzip', zlib.gzipSync(zeros)],
      ['br', zlib.brotliCompressSync(zeros, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } })],
      ['deflate', zlib.deflateSync(zeros)],
    ] as const) {
      expect(packed.length).toBeLessThan(1_000_000)
      expect(await post(gateway, '/v1/responses', packed, { 'content-encoding': encoding })).toMatchObject({
        status: 413,
        code: 'body_too_large',
      })
    }
  })

  it.each([
    ['an unknown encoding', 'rot13', BODY, 415, 'unsupported_encoding'],
    ['an encoding named like a member of every object', 'constructor', BODY, 415, 'unsupported_encoding'],
    ['an encoding named like a prototype', '__proto__', BODY, 415, 'unsupported_encoding'],
    ['too many encodings', 'gzip, gzip, gzip', BODY, 415, 'unsupported_encoding'],
    ['bytes that are not gzip', 'gzip', BODY, 400, 'invalid_body'],
    ['bytes that are not br', 'br', BODY, 400, 'invalid_body'],
    ['bytes that are not zstd', 'zstd', BODY, 400, 'invalid_body'],
    ['half a gzip', 'gzip', zlib.gzipSync(BODY).subarray(0, 20), 400, 'invalid_body'],
  ])('%s', async (_what, encoding, body, status, code) => {
    const { gateway } = await begin()
    expect(await post(gateway, '/v1/responses', body, { 'content-encoding': encoding })).toMatchObject({ status, code })
  })

  it.each([
    ['GET', '/v1/nothing', 404, 'unknown_route'],
    ['GET', '/v1/responses', 405, 'method_not_allowed'],
    ['DELETE', '/v1/messages', 405, 'method_not_allowed'],
    ['POST', '/v1/models', 405, 'method_not_allowed'],
    ['POST', '//v1/responses/../x', 404, 'unknown_route'],
  ])('%s %s', async (method, path, status, code) => {
    const { gateway } = await begin()
    const response = await fetch(gateway.url + path, { method })
    expect([response.status, response.headers.get('x-sparekey-error')]).toEqual([status, code])
    if (status === 405) expect(response.headers.get('allow')).not.toBeNull()
  })

  it.each([
    ['garbage', '\x16\x03\x01garbage\r\n\r\n', /^HTTP\/1.1 400 /],
    ['a bad header', 'POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\nbad header\r\n\r\n', /^HTTP\/1.1 400 /],
    [
      'two lengths',
      'POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      /^HTTP\/1.1 400 /,
    ],
    ['no host', 'GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n', /^HTTP\/1.1 400 /],
    ['giant headers', `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`, /^HTTP\/1.1 431 /],
  ])('%s gets one clean answer and the process lives', async (_what, text, expected) => {
    const { gateway } = await begin()
    const answer = await raw(gateway, text)
    expect(answer).toMatch(expected)
    expect(answer).toMatch(/\r\nx-sparekey-error: invalid_header\r\n/i)
    expect(answer).toMatch(/"message":"(?:this is not|the request)/)
    expect((await post(gateway, '/v1/responses', BODY)).status).toBe(200)
  })

  it('a client that stops in the middle of its body is let go', async () => {
    const { gateway, calls } = await begin({ limits: { requestMs: 200, headersMs: 200 } })
    expect(
      await raw(gateway, 'POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{"mod', true),
    ).toMatch(/^HTTP\/1.1 408 /)
    expect(
      await raw(gateway, 'POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{"mod'),
    ).not.toContain('200 OK')
    expect(calls).toEqual([])
  })

  it('a WebSocket upgrade gets 426, so that clients fall back to events', async () => {
    const { gateway } = await begin()
    const upgrade = (path: string) =>
      raw(
        gateway,
        `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      )
    for (const path of ['/v1/responses', '/backend-api/codex/responses'])
      expect(await upgrade(path)).toMatch(/^HTTP\/1.1 426 [\s\S]*websocket_unsupported/)
    expect(await upgrade('/elsewhere')).toMatch(/^HTTP\/1.1 404 /)
  })
})

describe('what HTTP lets a server ignore is ignored', () => {
  it.each([
    ['an upgrade to HTTP/2', 'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk'],
    ['an expectation that nobody knows', 'expect: miracles'],
  ])('%s', async (_what, headers) => {
    const { gateway, calls } = await begin()
    const head = `POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${BODY.length}\r\n${headers}\r\n\r\n`
    expect(await raw(gateway, head + BODY)).toMatch(/^HTTP\/1.1 200 /)
    expect(calls[0]?.body).toMatchObject({ model: 'm' })
  })
})

describe('who may call', () => {
  it('a page of another site, or a name that was rebound to loopback, may not', async () => {
    const { gateway, calls } = await begin()
    const attempt = (headers: Record<string, string>) =>
      new Promise<number>((resolve) => {
        const sent = httpRequest(
          { host: '127.0.0.1', port: gateway.port, path: '/v1/responses', method: 'POST', headers },
          (response) => {
            response.resume()
            resolve(response.statusCode ?? 0)
          },
        )
        sent.end(BODY)
      })
    expect(await attempt({ host: 'evil.example' })).toBe(403)
    expect(await attempt({ host: '127.0.0.1', origin: 'https://evil.example' })).toBe(403)
    expect(calls).toEqual([])
    for (const headers of [
      { host: 'localhost:1' },
      { host: '[::1]:5' },
      { host: '127.0.0.1', origin: 'http://localhost:3000' },
      { host: '127.0.0.1', origin: 'vscode-webview://abc' },
    ])
      expect(await attempt(headers)).toBe(200)
  })

  it('needs a client key when there are some, in either header', async () => {
    const house = {
      resolveChain: () => ({ kind: 'chain' as const, chain: [route()] }),
      listModels: () => [],
      clients: [clientKey('ci', 'client-key-1'), clientKey('me', 'client-key-2')],
    }
    const { gateway } = await begin({ house })
    expect(await post(gateway, '/v1/responses', BODY)).toMatchObject({ status: 401, code: 'client_key_required' })
    const wrong = await post(gateway, '/v1/messages', BODY, { authorization: 'Bearer planted-wrong-key' })
    expect(wrong).toMatchObject({ status: 401, code: 'client_key_wrong' })
    expect(wrong.text).not.toContain('planted')
    expect((await post(gateway, '/v1/responses', BODY, { authorization: 'Bearer client-key-2' })).status).toBe(200)
    expect(
      (
        await post(gateway, '/v1/messages', BODY, {
          'x-api-key': 'client-key-1',
          authorization: 'Bearer something-else',
        })
      ).status,
    ).toBe(200)
    expect((await fetch(`${gateway.url}/v1/models`)).status).toBe(401)
    for (const open of ['/healthz', '/readyz', '/']) expect((await fetch(gateway.url + open)).status).toBe(200)
  })

  it('refuses to listen for the network without client keys', async () => {
    await expect(begin({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'open_to_network' })
  })

  it('says when the address is taken', async () => {
    const { gateway } = await begin()
    await expect(begin({ port: gateway.port })).rejects.toMatchObject({ code: 'address_in_use' })
  })
})

describe('what is handed to the relay', () => {
  it('is the decoded body, its bytes as they were, the query and every header', async () => {
    const { gateway, calls } = await begin()
    const odd = '{ "model" : "m",\n "unknown": [1.0, "\\u00e9"] }'
    await post(gateway, '/v1/messages?beta=true', zlib.gzipSync(odd), {
      'content-encoding': 'gzip',
      'anthropic-beta': 'a,b',
    })
    expect(Buffer.from(calls[0]?.bytes ?? []).toString()).toBe(odd)
    expect(calls[0]).toMatchObject({
      wire: 'messages',
      model: 'm',
      stream: false,
      query: '?beta=true',
      client: 'other',
    })
    expect(calls[0]?.headers).toContainEqual(['anthropic-beta', 'a,b'])
    expect(calls[0]?.id).toMatch(/^call_/)
  })

  it.each([
    ['gzip', zlib.gzipSync(BODY)],
    ['br', zlib.brotliCompressSync(BODY)],
    ['deflate', zlib.deflateSync(BODY)],
    ['deflate', zlib.deflateRawSync(BODY)],
    // {"model":"m","input":"x","messages":[]} as one raw zstd block.
    [
      'zstd',
      Buffer.concat([
        Buffer.from([
          0x28,
          0xb5,
          0x2f,
          0xfd,
          0x20,
          BODY.length,
          1 | ((BODY.length << 3) & 0xff),
          (BODY.length << 3) >> 8,
          0,
        ]),
        Buffer.from(BODY),
      ]),
    ],
    ['gzip, br', zlib.brotliCompressSync(zlib.gzipSync(BODY))],
    ['identity', Buffer.from(BODY)],
  ])('a body in %s', async (encoding, body) => {
    const { gateway, calls } = await begin()
    expect((await post(gateway, '/v1/responses', body, { 'content-encoding': encoding })).status).toBe(200)
    expect(Buffer.from(calls[0]?.bytes ?? []).toString()).toBe(BODY)
  })

  it('knows the Codex CLI by its originator or its path', async () => {
    const { gateway, calls } = await begin()
    await post(gateway, '/v1/responses', BODY, { originator: 'codex_cli_rs' })
    await post(gateway, '/backend-api/codex/responses', BODY)
    await post(gateway, '/v1/responses', BODY)
    expect(calls.map(({ client }) => client)).toEqual(['codex', 'codex', 'other'])
  })
})

describe('what is sent back', () => {
  it('a slow reader holds the upstream back', async () => {
    let produced = 0
    const chunk = Buffer.alloc(64 * 1024, 120)
    let stopped = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          produced += chunk.length
          yield chunk
        }
      } finally {
        stopped = true
      }
    }
    const { gateway } = await begin({ answer: () => answerOf(endless(), [['content-type', 'text/event-stream']]) })
    const socket = connect(gateway.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`)
    await new Promise((resolve) => socket.once('readable', resolve))
    // Nobody reads on: production stops once the buffers between are full.
    let before = -1
    await expect
      .poll(() => {
        const same = produced === before
        before = produced
        return same
      })
      .toBe(true)
    expect(produced).toBeLessThan(64 * 1024 * 1024)
    socket.destroy()
    await expect.poll(() => stopped).toBe(true)
  })

  it('a client that leaves aborts its call at once, before and after the answer began', async () => {
    const aborted: string[] = []
    const never: Answering = (call) =>
      new Promise((resolve) => {
        call.signal.addEventListener('abort', () => {
          aborted.push(call.model)
          resolve(answerOf(one('')))
        })
      })
    const { gateway } = await begin({ answer: never })
    const leave = new AbortController()
    const sent = fetch(`${gateway.url}/v1/responses`, { method: 'POST', body: BODY, signal: leave.signal })
    await expect.poll(() => gateway.inFlight).toBe(1)
    leave.abort()
    await expect(sent).rejects.toThrow(/abort/i)
    await expect.poll(() => aborted).toEqual(['m'])
    await expect.poll(() => gateway.inFlight).toBe(0)
  })

  it('a relay that throws is told as our own error, without its words', async () => {
    const troubles: string[] = []
    const { gateway } = await begin({
      answer: () => Promise.reject(new Error('planted detail')),
      onTrouble: (message) => troubles.push(message),
    })
    const answer = await post(gateway, '/v1/responses', BODY)
    expect(answer).toMatchObject({ status: 500, code: 'internal_error' })
    expect(answer.text).not.toContain('planted')
    expect(troubles).toEqual(['Error: planted detail'])
  })

  it('models in the shape that the client reads', async () => {
    const { gateway } = await begin()
    const read = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(gateway.url + path, { headers })).json() as Promise<Record<string, unknown>>
    expect(await read('/v1/models')).toMatchObject({
      object: 'list',
      data: [{ id: 'm', object: 'model' }, { id: 'n' }],
    })
    expect(await read('/v1/models', { 'anthropic-version': '2023-06-01' })).toMatchObject({
      data: [{ id: 'm', type: 'model' }, { id: 'n' }],
      has_more: false,
    })
    expect(await read('/backend-api/codex/models')).toMatchObject({ models: [{ slug: 'm' }, { slug: 'n' }] })
  })

  it('probes', async () => {
    const { gateway } = await begin({ ready: () => Promise.resolve({ ready: false, why: 'no credential' }) })
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
    const ready = await fetch(`${gateway.url}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, why: 'no credential' }])
    expect((await fetch(`${gateway.url}/api/hello`, { method: 'HEAD' })).status).toBe(200)
  })
})

describe('closing and reloading', () => {
  it('lets a running call end and refuses new ones', async () => {
    let finish: () => void = () => {}
    const waiting: Answering = () =>
      new Promise((resolve) => {
        finish = () => resolve(answerOf(one('{"late":true}')))
      })
    const { gateway } = await begin({ answer: waiting })
    const sent = post(gateway, '/v1/responses', BODY)
    await expect.poll(() => gateway.inFlight).toBe(1)
    const closed = gateway.close(60_000)
    finish()
    expect(await sent).toMatchObject({ status: 200, text: '{"late":true}' })
    await closed
    await expect(post(gateway, '/v1/responses', BODY)).rejects.toThrow(/fetch failed/)
  })

  it('cuts what is still running when the grace is over', async () => {
    const aborted: boolean[] = []
    const { gateway } = await begin({
      answer: (call) =>
        new Promise((resolve) => {
          call.signal.addEventListener('abort', () => {
            aborted.push(true)
            resolve(answerOf(one('')))
          })
        }),
    })
    const sent = post(gateway, '/v1/responses', BODY).catch(() => 'cut')
    await expect.poll(() => gateway.inFlight).toBe(1)
    await gateway.close(0)
    await sent
    expect(aborted).toEqual([true])
  })

  it.each(PATHS)(
    '%s: more calls than it may answer get 503 and a time to come back; health still answers',
    async (path) => {
      let finish: () => void = () => {}
      const house = {
        resolveChain: () => ({ kind: 'chain' as const, chain: [route()] }),
        listModels: () => [],
        clients: [],
        load: { maxCalls: 1, maxLagMs: 0 },
      }
      const { gateway } = await begin({
        house,
        answer: () =>
          new Promise((resolve) => {
            finish = () => resolve(answerOf(one('{}')))
          }),
      })
      const first = post(gateway, path, BODY)
      await expect.poll(() => gateway.inFlight).toBe(1)
      const second = await fetch(gateway.url + path, { method: 'POST', body: BODY })
      expect([second.status, second.headers.get('retry-after'), second.headers.get('x-sparekey-error')]).toEqual([
        503,
        '1',
        'overloaded',
      ])
      expect(await second.json()).toHaveProperty('error.message')
      expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
      finish()
      expect((await first).status).toBe(200)
      // A reload lifts the limit for calls that begin from now on.
      gateway.reload({ ...house, load: { maxCalls: 0, maxLagMs: 0 } })
      const third = post(gateway, path, BODY)
      await expect.poll(() => gateway.inFlight).toBe(1)
      finish()
      expect((await third).status).toBe(200)
    },
  )

  it('a new house counts for calls that begin from now on', async () => {
    const { gateway } = await begin()
    gateway.reload({ resolveChain: () => ({ kind: 'unknown', message: 'gone' }), listModels: () => ['z'], clients: [] })
    expect((await post(gateway, '/v1/responses', BODY)).status).toBe(404)
  })

  it('a list of clients that was emptied does not open a listener of the network', async () => {
    const troubles: string[] = []
    const house = {
      resolveChain: () => ({ kind: 'chain' as const, chain: [route()] }),
      listModels: () => [],
      clients: [clientKey('ci', 'client-key-1')],
    }
    const { gateway } = await begin({ host: '0.0.0.0', house, onTrouble: (message) => troubles.push(message) })
    gateway.reload({ ...house, clients: [] })
    const reached = { port: gateway.port, url: `http://127.0.0.1:${gateway.port}` } as Gateway
    expect(await post(reached, '/v1/responses', BODY)).toMatchObject({ status: 401, code: 'client_key_required' })
    expect((await post(reached, '/v1/responses', BODY, { authorization: 'Bearer client-key-1' })).status).toBe(200)
    expect(troubles).toEqual([expect.stringContaining('old client keys stay')])
  })
})
