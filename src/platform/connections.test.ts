import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type LookupFunction, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { textOf, verdictOn } from '../../test/support/network-verdict.ts'
import { http1Upstream, http2Upstream, TEST_CA } from '../../test/support/tls-upstream.ts'
import { undiciNetwork } from './undici-network.ts'

const BODY = Buffer.from('{}')

async function ask(
  url: string,
  settings: { readonly lookup?: LookupFunction; readonly ca?: string } = { ca: TEST_CA },
  more: { readonly proxy?: string; readonly http2?: boolean; readonly connectMs?: number } = {},
): Promise<string> {
  const { connectMs = 10_000, ...route } = more
  const network = undiciNetwork(settings)
  onTestFinished(() => network.close())
  const request = { method: 'POST', url, headers: [['authorization', 'Bearer t']] as const, body: BODY, ...route }
  const timeouts = { connectMs, firstByteMs: 10_000, idleMs: 10_000 }
  return textOf(await network.send(request, timeouts, new AbortController().signal))
}

function lookupOf(...addresses: readonly string[]): LookupFunction {
  return (_name, _options, callback) => {
    const list = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    // Node asks for all addresses when it tries them in turn.
    ;(callback as (error: null, list: readonly object[]) => void)(null, list)
  }
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const NAME = 'api.sparekey.invalid'

describe('a name with several addresses', () => {
  it.each([['https'], ['http']])('is reached at the one that listens (%s)', async (protocol) => {
    const port =
      protocol === 'https'
        ? (await http1Upstream((_request, response) => response.end('well'))).port
        : await listen(createServer((_request, response) => response.end('well')))
    const lookup = lookupOf('::1', '127.0.0.1')
    expect(await ask(`${protocol}://${NAME}:${port}/v1`, { ca: TEST_CA, lookup })).toBe('well')
  })

  it('of which none listens is a connection failure', async () => {
    const lookup = lookupOf('::1', '127.0.0.1')
    expect(await verdictOn(ask(`https://${NAME}:1/v1`, { ca: TEST_CA, lookup }))).toBe('connection')
    expect(await verdictOn(ask(`http://${NAME}:1/v1`, { lookup }))).toBe('connection')
  })

  it('that has no address is a connection failure', async () => {
    expect(await verdictOn(ask(`https://nowhere.${NAME}/v1`))).toBe('connection')
    expect(await verdictOn(ask(`http://nowhere.${NAME}/v1`))).toBe('connection')
  })
})

describe('an upstream whose certificate is not to be trusted', () => {
  it.each([
    ['HTTP/2', undefined],
    ['HTTP/1.1', false],
  ] as const)('gets no request and no token (%s)', async (_name, http2) => {
    let asked = 0
    const upstream = http2 === false ? await http1Upstream(() => (asked += 1)) : await http2Upstream(() => (asked += 1))
    const route = http2 === undefined ? {} : { http2 }
    expect(await verdictOn(ask(upstream.url, {}, route))).toBe('connection')
    const lookup = lookupOf('127.0.0.1')
    const wrongName = ask(`https://other.sparekey.invalid:${upstream.port}`, { ca: TEST_CA, lookup }, route)
    expect(await verdictOn(wrongName)).toBe('connection')
    await expect(wrongName).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    expect(asked).toBe(0)
  })

  it('that speaks no TLS at all is a connection failure', async () => {
    const port = await listen(createServer((_request, response) => response.end('no')))
    expect(await verdictOn(ask(`https://127.0.0.1:${port}`))).toBe('connection')
    expect(await verdictOn(ask(`https://127.0.0.1:${port}`, {}, { http2: false }))).toBe('connection')
  })

  it.each([[undefined], [false]])(
    'or that never answers the handshake runs into the connect timer (http2: %s)',
    async (http2) => {
      const port = await listen(createTcpServer())
      const asked = ask(`https://127.0.0.1:${port}`, {}, { connectMs: 60, ...(http2 === undefined ? {} : { http2 }) })
      expect(await verdictOn(asked)).toBe('timeout')
      await expect(asked).rejects.toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT' })
    },
  )
})

describe('an outbound proxy', () => {
  interface Proxy {
    readonly url: string
    readonly asked: readonly IncomingMessage[]
  }

  async function proxy(refuseWith?: number): Promise<Proxy> {
    const asked: IncomingMessage[] = []
    const server = createServer()
    server.on('connect', (request, near: Socket) => {
      asked.push(request)
      near.on('error', () => undefined)
      if (refuseWith !== undefined) return near.end(`HTTP/1.1 ${refuseWith} No\r\ncontent-length: 0\r\n\r\n`)
      const far = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
        near.write('HTTP/1.1 200 OK\r\n\r\n')
        near.pipe(far).pipe(near)
      })
      far.on('error', () => near.destroy())
      near.on('close', () => far.destroy())
    })
    return { url: `http://127.0.0.1:${await listen(server)}`, asked }
  }

  it.each([['https'], ['http']])('carries a call to an %s upstream through a tunnel', async (protocol) => {
    const seen: IncomingMessage[] = []
    const answer = (request: IncomingMessage, response: { end(text: string): unknown }) => {
      seen.push(request)
      response.end('well')
    }
    const port = protocol === 'https' ? (await http1Upstream(answer)).port : await listen(createServer(answer))
    const through = await proxy()
    const withPassword = through.url.replace('://', '://user:pa%20ss@')
    expect(await ask(`${protocol}://127.0.0.1:${port}/v1`, { ca: TEST_CA }, { proxy: withPassword })).toBe('well')
    expect(
      through.asked.map(({ url, headers }) => [url, headers['proxy-authorization'], headers['authorization']]),
    ).toEqual([[`127.0.0.1:${port}`, `Basic ${Buffer.from('user:pa ss').toString('base64')}`, undefined]])
    expect(seen.map(({ headers }) => [headers['authorization'], headers['proxy-authorization']])).toEqual([
      ['Bearer t', undefined],
    ])
  })

  it.each([[407], [403], [502]])(
    'that refuses with %i is a connection failure, and no caller who left',
    async (status) => {
      const through = await proxy(status)
      const asked = ask('https://127.0.0.1:1/v1', { ca: TEST_CA }, { proxy: through.url })
      expect(await verdictOn(asked)).toBe('connection')
      await expect(asked).rejects.toThrow(String(status))
      expect(through.asked).toHaveLength(1)
    },
  )

  it('that is not there is a connection failure', async () => {
    expect(await verdictOn(ask('https://127.0.0.1:1/v1', {}, { proxy: 'http://127.0.0.1:1' }))).toBe('connection')
  })

  it('that does not answer runs into the connect timer', async () => {
    const port = await listen(createTcpServer())
    const asked = ask('https://127.0.0.1:1/v1', {}, { proxy: `http://127.0.0.1:${port}`, connectMs: 60 })
    expect(await verdictOn(asked)).toBe('timeout')
  })

  it('whose upstream has a certificate that is not to be trusted keeps the token', async () => {
    let asked = 0
    const upstream = await http1Upstream(() => (asked += 1))
    const through = await proxy()
    expect(await verdictOn(ask(upstream.url, {}, { proxy: through.url }))).toBe('connection')
    expect(asked).toBe(0)
  })
})
