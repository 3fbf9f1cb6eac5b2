import { createServer, type Server } from 'node:http'

export interface LoopbackRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
}

export interface LoopbackPage {
  readonly status: number
  readonly html: string
}

export interface LoopbackListener {
  readonly port: number
  close(): Promise<void>
}

/**
 * Listens on the first free port of this machine only, for a browser that comes back from a login.
 * @param ports tried in this order; 0 = any free one
 * @returns undefined when every port is taken
 */
export async function listenOnLoopback(
  ports: readonly number[],
  answer: (request: LoopbackRequest) => LoopbackPage,
): Promise<LoopbackListener | undefined> {
  for (const port of ports) {
    const server = createServer((request, response) => {
      // A page of another site may not talk to us through a name that it points to 127.0.0.1.
      const isOurs = /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(request.headers.host ?? '')
      const url = new URL(request.url ?? '/', 'http://localhost')
      const page = isOurs
        ? answer({ method: request.method ?? 'GET', path: url.pathname, query: url.searchParams })
        : { status: 403, html: '' }
      response.writeHead(page.status, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        connection: 'close',
      })
      response.end(page.html)
    })
    const bound = await bind(server, port)
    if (bound === undefined) continue
    return {
      port: bound,
      close: () =>
        new Promise((resolve) => {
          // The last page must reach the browser: only idle connections are cut.
          server.close(() => resolve())
          server.closeIdleConnections()
        }),
    }
  }
  return undefined
}

function bind(server: Server, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : undefined)
    })
  })
}
