import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { WireName } from '../../src/wire/wire.ts'
import { ask, PATHS, readStream, requestBody } from '../support/client.ts'
import { codexHome } from '../support/codex-home.ts'
import { served } from '../support/served.ts'
import { startWorld } from '../support/world.ts'

/** A gateway that is told to stop: calls end by themselves, or are told in their own words that they do not. */

/** Reads a stream up to a mark, then the rest. */
async function opened(url: string, wire: WireName, mark: string): Promise<{ readonly rest: Promise<string> }> {
  const response = await fetch(url + PATHS[wire], { method: 'POST', body: JSON.stringify(requestBody(wire, true)) })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  let text = ''
  const read = async (until: string | undefined) => {
    while (until === undefined || !text.includes(until)) {
      const { done, value } = await reader.read()
      if (done) break
      text += Buffer.from(value).toString('utf8')
    }
    return text
  }
  await read(mark)
  return { rest: read(undefined) }
}

/** Waits until the listener takes no connection any more. */
async function untilClosed(url: string): Promise<void> {
  const look = () =>
    fetch(`${url}/healthz`).then(
      () => 'open',
      () => 'closed',
    )
  await expect.poll(look).toBe('closed')
}

describe('SIGTERM', () => {
  it('lets a stream end, closes the listener and ends with 0', async () => {
    const { home, providers } = await codexHome({ 'tok-a': { steps: [{ kind: 'answer', chunks: 20, everyMs: 40 }] } })
    const gateway = await served(home, providers)
    const stream = await opened(gateway.url, 'responses', 'output_text.delta')
    gateway.process.kill('SIGTERM')
    await untilClosed(gateway.url)
    expect(readStream('responses', await stream.rest)).toMatchObject({ ending: 'complete', said: 'The answer is 42.' })
    expect(await gateway.ended()).toBe(0)
  })

  it('ends what outlives limits.drainMs in its own wire', async () => {
    const { home, providers } = await codexHome({ 'tok-a': { steps: [{ kind: 'hang', at: 'after_output' }] } })
    const gateway = await served(home, providers, { config: 'limits: { drainMs: 50 }\n' })
    const stream = await opened(gateway.url, 'responses', 'output_text.delta')
    gateway.process.kill('SIGTERM')
    const { ending, error } = readStream('responses', await stream.rest)
    expect({ ending, error }).toMatchObject({
      ending: 'error',
      error: { message: expect.stringContaining('shutting down') },
    })
    expect(await gateway.ended()).toBe(0)
    expect(gateway.said()).toContain('1 call did not end within limits.drainMs')
  })

  it('the second one ends at once', async () => {
    const { home, providers } = await codexHome({ 'tok-a': { steps: [{ kind: 'hang', at: 'after_output' }] } })
    const gateway = await served(home, providers)
    const stream = await opened(gateway.url, 'responses', 'output_text.delta')
    const rest = stream.rest.catch((error: unknown) => String(error))
    gateway.process.kill('SIGTERM')
    await untilClosed(gateway.url)
    gateway.process.kill('SIGTERM')
    expect(await gateway.ended()).toBe(143)
    expect(await rest).toContain('terminated')
  })
})

describe('a gateway that closes', () => {
  const HANGING = {
    name: 'x',
    description: '',
    credentials: { 'tok-a': { steps: [{ kind: 'hang' as const, at: 'after_output' as const }] } },
  }

  it.each(['responses', 'chat-completions', 'messages'] as const)('tells a cut stream in %s', async (wire) => {
    const world = await startWorld({
      sides: [{ provider: wire === 'messages' ? 'anthropic' : 'openai', scenario: HANGING }],
    })
    onTestFinished(() => world.close())
    const stream = await opened(world.gateway.url, wire, wire === 'responses' ? 'output_text.delta' : 'The')
    expect(await world.gateway.close(0)).toBe(1)
    const text = await stream.rest
    expect(readStream(wire, text).ending).toBe('error')
    expect(text).not.toMatch(/\[DONE\]|message_stop|response\.completed/)
    expect((await world.store.snapshot()).benches).toEqual([])
  })

  it('tells a call that has no answer yet with a true status', async () => {
    const silent = {
      ...HANGING,
      credentials: { 'tok-a': { steps: [{ kind: 'hang' as const, at: 'before_headers' as const }] } },
    }
    const world = await startWorld({ sides: [{ provider: 'openai', scenario: silent }] })
    onTestFinished(() => world.close())
    const reading = ask(world.gateway.url, 'responses', false)
    await expect.poll(() => world.simulators[0]?.hits('tok-a')).toBe(1)
    await world.gateway.close(0)
    const { status, headers, ending } = await reading
    expect({ status, ending, code: headers.get('x-sparekey-error'), retry: headers.get('retry-after') }).toEqual({
      status: 503,
      ending: 'error',
      code: 'shutting_down',
      retry: '1',
    })
  })

  it('serves what comes on an open connection, ends the connection behind it, and says that it drains', async () => {
    const world = await startWorld({
      sides: [{ provider: 'openai', scenario: { ...HANGING, credentials: { 'tok-a': {} } } }],
    })
    onTestFinished(() => world.close())
    const [first, second] = [await socketTo(world.gateway.port), await socketTo(world.gateway.port)]
    // Both are known to be used: a connection that has brought nothing yet is no idle one.
    expect(await said(first, 'GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n', '"ok"}')).toContain('200 OK')
    expect(await said(second, 'GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n', '}')).toContain('200 OK')
    const closed = world.gateway.close(10_000, { lingerMs: 10_000 })
    const body = JSON.stringify(requestBody('responses', false))
    const call = `POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    const ended = new Promise((resolve) => first.once('close', resolve))
    expect(await said(first, call, '42')).toMatch(/200 OK[^]*connection: close/i)
    await ended
    expect(await said(second, 'GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n', '}')).toMatch(/503[^]*draining/)
    expect(await closed).toBe(0)
  })

  it('keeps a connection whose answer began before, and promised it, for one more call', async () => {
    const slow = { steps: [{ kind: 'answer' as const, chunks: 5, everyMs: 20 }, { kind: 'answer' as const }] }
    const world = await startWorld({
      sides: [{ provider: 'openai', scenario: { ...HANGING, credentials: { 'tok-a': slow } } }],
    })
    onTestFinished(() => world.close())
    const socket = await socketTo(world.gateway.port)
    const call = (stream: boolean) => {
      const body = JSON.stringify(requestBody('responses', stream))
      return `POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    }
    expect(await said(socket, call(true), 'output_text.delta')).toMatch(/connection: keep-alive/i)
    const rest = said(socket, '', '\r\n0\r\n\r\n')
    const closed = world.gateway.close(10_000, { lingerMs: 10_000 })
    expect(await rest).toContain('response.completed')
    const ended = new Promise((resolve) => socket.once('close', resolve))
    expect(await said(socket, call(false), '42')).toMatch(/200 OK[^]*connection: close/i)
    await ended
    expect(await closed).toBe(0)
  })
})

function socketTo(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    onTestFinished(() => void socket.destroy())
  })
}

function said(socket: Socket, request: string, mark: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const onData = (part: Buffer) => {
      text += part.toString('latin1')
      if (!text.includes(mark)) return
      socket.off('data', onData)
      resolve(text)
    }
    socket.on('data', onData)
    socket.write(request)
  })
}
