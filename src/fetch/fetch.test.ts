import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Step } from '../simulator/index.ts'
import { requestBody } from '../../test/support/client.ts'
import { startWorld, type World } from '../../test/support/world.ts'

const CHAT = 'https://api.openai.example/v1/chat/completions'
const body = (stream = false) => JSON.stringify(requestBody('chat-completions', stream))

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

async function open(...steps: readonly Step[]): Promise<World> {
  const credentials = Object.fromEntries(steps.map((step, index) => [`tok-${index}`, { steps: [step] }]))
  world = await startWorld({ sides: [{ provider: 'openai', scenario: { name: 'x', description: '', credentials } }] })
  return world
}

async function heard(response: Response) {
  const { error } = (await response.json()) as { error: Record<string, unknown> }
  return { status: response.status, again: response.headers.get('x-should-retry'), ...error }
}

describe('what is asked', () => {
  it.each<[string, () => NonNullable<RequestInit['body']>]>([
    ['text', () => body()],
    ['bytes', () => new TextEncoder().encode(body())],
    ['a blob', () => new Blob([body()])],
    ['a stream', () => new Blob([body()]).stream()],
  ])('a body given as %s arrives byte for byte', async (_kind, given) => {
    const { fetch, simulators } = await open({ kind: 'answer' })
    const init = { method: 'POST', body: given(), duplex: 'half' as const }
    const answer = await fetch(CHAT, init)
    expect(answer.status).toBe(200)
    expect(JSON.stringify(simulators[0]?.requests[0]?.body)).toBe(body())
  })

  it('a Request object, with the headers of the program and the credential of the pool', async () => {
    const { fetch, simulators } = await open({ kind: 'answer' })
    const headers = { 'x-own': 'kept', authorization: 'Bearer of-the-program' }
    const answer = await fetch(new Request(CHAT, { method: 'POST', body: body(), headers }))
    expect(answer.headers.get('x-sparekey-credential')).toBe('tok-0')
    expect(simulators[0]?.requests[0]?.headers).toMatchObject({ 'x-own': 'kept', authorization: 'Bearer tok-0' })
  })

  it.each<[string, string, RequestInit, { status: number; code: string }]>([
    [
      'a path of no protocol',
      'http://x.example/v1/embeddings',
      { method: 'POST', body: body() },
      { status: 404, code: 'unknown_route' },
    ],
    ['another method', CHAT, { method: 'GET' }, { status: 405, code: 'method_not_allowed' }],
    ['half a body', CHAT, { method: 'POST', body: '{"model":' }, { status: 400, code: 'invalid_json' }],
    ['a list', CHAT, { method: 'POST', body: '[]' }, { status: 400, code: 'invalid_body' }],
    ['no model', CHAT, { method: 'POST', body: '{}' }, { status: 400, code: 'model_missing' }],
    ['a form', CHAT, { method: 'POST', body: new FormData() }, { status: 400, code: 'invalid_json' }],
    [
      'an encoded body',
      CHAT,
      { method: 'POST', body: 'x', headers: { 'content-encoding': 'gzip' } },
      { status: 415, code: 'unsupported_encoding' },
    ],
  ])('%s is refused in the protocol, and no SDK asks again', async (_name, url, init, expected) => {
    const { fetch, simulators } = await open({ kind: 'answer' })
    const answer = await fetch(url, init)
    expect(answer.headers.get('x-sparekey-error')).toBe(expected.code)
    expect(await heard(answer)).toMatchObject({ ...expected, again: 'false' })
    expect(simulators[0]?.requests).toEqual([])
  })

  it('lists models in the shape of the SDK that asks', async () => {
    const { fetch } = await open({ kind: 'answer' })
    expect(await (await fetch('http://x.example/v1/models')).json()).toMatchObject({
      object: 'list',
      data: [{ id: 'gpt-5.5' }],
    })
    const headers = { 'anthropic-version': '2023-06-01' }
    expect(await (await fetch('http://x.example/v1/models', { headers })).json()).toMatchObject({ has_more: false })
  })
})

describe('whoever leaves', () => {
  const aborted = () => {
    const cut = new AbortController()
    return { cut, init: { method: 'POST', body: body(true), signal: cut.signal } }
  }

  it('before the call asks nobody', async () => {
    const { fetch, simulators } = await open({ kind: 'answer' })
    const { cut, init } = aborted()
    cut.abort(new Error('changed my mind'))
    await expect(fetch(CHAT, init)).rejects.toThrow('changed my mind')
    expect(simulators[0]?.requests).toEqual([])
  })

  it('while the upstream is silent gets the reason, and the upstream is cut', async () => {
    const upstream = await silentUpstream('')
    const { fetch, store, ended } = await before(upstream.url)
    const { cut, init } = aborted()
    const asked = fetch(CHAT, init)
    await upstream.arrived
    cut.abort()
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
    await upstream.left
    expect(await ended).toMatchObject({ outcome: 'cancelled' })
    expect((await store.snapshot()).benches).toEqual([])
  })

  it.each([
    ['aborts', async (cut: AbortController) => cut.abort(new Error('enough'))],
    ['cancels the body', async (_cut: AbortController, reader: ReadableStreamDefaultReader) => reader.cancel()],
  ])('%s in the middle of a stream: the upstream is cut', async (how, leave) => {
    const upstream = await silentUpstream('data: {"choices":[{"index":0,"delta":{"content":"The"}}]}\n\n')
    const { fetch, ended } = await before(upstream.url)
    const { cut, init } = aborted()
    const answer = await fetch(CHAT, init)
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('The')
    await leave(cut, reader)
    if (how === 'aborts') await expect(reader.read()).rejects.toThrow('enough')
    await upstream.left
    expect(await ended).toMatchObject({ outcome: 'cancelled' })
  })

  it('reads nothing ahead of a slow reader: what is not asked for stays at the upstream', async () => {
    const piece = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(60_000)}"}}]}\n\n`
    const upstream = await silentUpstream(piece.repeat(500))
    const { fetch } = await before(upstream.url)
    const answer = await fetch(CHAT, aborted().init)
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    const first = await reader.read()
    expect(first.value?.length ?? 0).toBeGreaterThan(0)
    // 30 MB were sent; the sockets' buffers hold a few.
    expect(upstream.unsent()).toBeGreaterThan(10_000_000)
    await reader.cancel()
    await upstream.left
  })
})

/** Answers with the beginning of a stream, or not at all, and then says nothing more. */
async function silentUpstream(beginning: string) {
  let arrive: () => void = () => undefined
  let leave: () => void = () => undefined
  const arrived = new Promise<void>((resolve) => (arrive = resolve))
  const left = new Promise<void>((resolve) => (leave = resolve))
  let answering: ServerResponse | undefined
  const server = createServer((request, response) => {
    answering = response
    request.resume()
    response.on('close', leave)
    arrive()
    if (beginning === '') return
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(beginning)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/v1`, arrived, left, unsent: () => answering?.writableLength ?? 0 }
}

async function before(baseUrl: string) {
  const scenario = { name: 'x', description: '', credentials: { 'tok-0': {} } }
  // Longer than the test: only the abort itself may end what is silent.
  world = await startWorld({ sides: [{ provider: 'openai', scenario, baseUrl }], limits: { holdMs: 60_000 } })
  const { events } = world
  const ended = vi.waitUntil(() => events.find(({ type }) => type === 'call_ended'), { timeout: 15_000, interval: 5 })
  return { ...world, ended }
}
