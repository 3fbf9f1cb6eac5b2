import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createGzip } from 'node:zlib'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemPlatform } from '../../src/platform/platform.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { ask } from '../support/client.ts'
import { type Served, served } from '../support/served.ts'
import { temporaryHome } from '../support/temporary-home.ts'

const MEGABYTE = 1024 * 1024
/** What each attacker would send if nobody stopped it. */
const ATTACK_BYTES = 512 * MEGABYTE
/** The largest request body is 64 MiB and the largest event 32 MiB; each may exist as bytes, as text and as JSON for a moment. */
const MOST_GROWTH_BYTES = 400 * MEGABYTE

/** Writes `ATTACK_BYTES` as fast as they are taken. @returns how many were */
async function flood(response: ServerResponse, unit: string): Promise<number> {
  const chunk = Buffer.from(unit.repeat(Math.ceil(65_536 / unit.length)))
  let sent = 0
  const gone = new Promise<void>((resolve) => response.once('close', resolve))
  while (sent < ATTACK_BYTES && !response.destroyed) {
    sent += chunk.length
    if (!response.write(chunk))
      await Promise.race([gone, new Promise<void>((resolve) => response.once('drain', resolve))])
  }
  if (!response.destroyed) response.end()
  return sent
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A provider whose every answer is far too large. @param type of the content; @param unit what it repeats, after `first` */
async function floodingGateway(status: number, type: string, first: string, unit: string): Promise<Served> {
  const url = await listening(
    createServer((request, response) => {
      request.resume()
      response.on('error', () => {})
      response.writeHead(status, { 'content-type': type })
      response.write(first)
      void flood(response, unit)
    }),
  )
  return gatewayBefore(url)
}

async function gatewayBefore(upstream: string): Promise<Served> {
  const home = temporaryHome()
  const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  const secret = { token: 'key-a' }
  const common = { provider: 'openai', label: 'a', type: 'api-key', source: { kind: 'stored' } } as const
  await store.addCredential({ id: 'cred_a', ...common, fingerprint: fingerprintOf(secret.token), secret }, 0)
  await store.close()
  return served(home, { openai: `${upstream}/v1` })
}

/** The most memory that the process ever had. */
function peakBytes({ process: { pid } }: Served): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

async function expectAlive(gateway: Served, before: number, mostGrowth: number = MOST_GROWTH_BYTES): Promise<void> {
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
  if (existsSync('/proc/self/status')) {
    expect(peakBytes(gateway) - before).toBeLessThan(mostGrowth)
  }
}

describe('a gateway whose upstream floods it answers with a typed error, and its memory stays bounded', () => {
  it.each([
    ['an error page without end', 500, 'text/html', '<html>', false, 'server_error'],
    ['a body without end', 200, 'application/json', '{"status":"completed","output":"', false, 'invalid_response'],
    ['an event without end', 200, 'text/event-stream', 'data: {"type":"', true, 'invalid_response'],
  ] as const)(
    '%s',
    async (_name, status, type, first, stream, code) => {
      const gateway = await floodingGateway(status, type, first, 'lorem ipsum ')
      const before = peakBytes(gateway)
      const { status: told, ending, error } = await ask(gateway.url, 'responses', stream)
      expect({ told, ending, code: error?.['code'] }).toEqual({ told: 502, ending: 'error', code })
      await expectAlive(gateway, before)
    },
    60_000,
  )

  it.each([
    ['events without a word', `data: {"type":"response.in_progress","x":"${'x'.repeat(1000)}"}\n\n`],
    ['comments without an event', `: ${'hush '.repeat(200)}\n\n`],
  ] as const)(
    '%s are passed on, not gathered',
    async (_name, unit) => {
      const gateway = await floodingGateway(200, 'text/event-stream', '', unit)
      const before = peakBytes(gateway)
      const leave = new AbortController()
      const response = await fetch(`${gateway.url}/v1/responses`, {
        method: 'POST',
        body: JSON.stringify({ model: 'gpt-5.5', input: 'x', stream: true }),
        signal: leave.signal,
      })
      let read = 0
      for await (const chunk of response.body as ReadableStream<Uint8Array>) {
        read += chunk.length
        if (read > ATTACK_BYTES / 2) break
      }
      leave.abort()
      await expectAlive(gateway, before)
    },
    60_000,
  )
})

describe('a gateway whose clients flood it', () => {
  it('refuses bombs, bodies without end and garbage, and its memory stays bounded', async () => {
    const gateway = await gatewayBefore('http://127.0.0.1:9')
    const before = peakBytes(gateway)
    const zeros = function* () {
      const chunk = Buffer.alloc(65_536)
      for (let sent = 0; sent < ATTACK_BYTES; sent += chunk.length) yield chunk
    }
    const post = (body: Readable, encoding: string) =>
      fetch(`${gateway.url}/v1/responses`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': encoding },
        body: Readable.toWeb(body) as ReadableStream,
        duplex: 'half',
      } as RequestInit).then(
        ({ status, headers }) => [status, headers.get('x-sparekey-error')],
        () => 'closed',
      )
    const told = await Promise.all([
      post(Readable.from(zeros()).pipe(createGzip()), 'gzip'),
      post(Readable.from(zeros()), 'identity'),
    ])
    for (const each of told) expect(['closed', [413, 'body_too_large']]).toContainEqual(each)
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1', () => {
        socket.write(Buffer.alloc(MEGABYTE, 0xff))
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve())
      socket.resume()
    })
    await expectAlive(gateway, before)
  }, 60_000)
})
