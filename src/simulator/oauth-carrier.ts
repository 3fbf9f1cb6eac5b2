import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Platform } from '../platform/platform.ts'
import { type OAuthAct, OAuthServer } from './oauth-server.ts'
import type { OAuthScript, SeenOAuthRequest } from './oauth-script.ts'

const LARGEST_BODY_BYTES = 65_536

/** The authorization server on sockets, with a log of what arrived. */
export class OAuthCarrier {
  readonly server: OAuthServer
  readonly #platform: Platform
  readonly #remember: number
  readonly #requests: SeenOAuthRequest[] = []
  readonly #onRequest: ((request: SeenOAuthRequest) => void) | undefined

  constructor(
    script: OAuthScript,
    platform: Platform,
    issuer: () => string,
    remember: number,
    onRequest: ((request: SeenOAuthRequest) => void) | undefined,
  ) {
    this.server = new OAuthServer(script, platform, issuer)
    this.#platform = platform
    this.#remember = remember
    this.#onRequest = onRequest
  }

  /** Oldest first. */
  get requests(): readonly SeenOAuthRequest[] {
    return this.#requests
  }

  /** Whether a path belongs to the authorization server. */
  owns(path: string): boolean {
    return /^\/(?:oauth|\.well-known|codex\/device|api\/accounts|deviceauth)(?:\/|$)/.test(path)
  }

  async carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const body = await readText(request)
    const contentType = request.headers['content-type'] ?? ''
    const method = request.method ?? 'GET'
    const fields = fieldsOf(body, contentType)
    const act = this.server.act({ method, path: url.pathname, query: url.searchParams, contentType, fields }) ?? MISSING
    const seen: SeenOAuthRequest = {
      method,
      path: url.pathname,
      query: url.search,
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(', ') : (value ?? ''),
        ]),
      ),
      body,
      fields,
      status: act.kind === 'cut' ? 0 : act.reply.status,
      atMs: this.#platform.clock.now(),
    }
    this.#requests.push(seen)
    if (this.#requests.length > this.#remember) this.#requests.shift()
    this.#onRequest?.(seen)
    if (act.kind === 'cut') {
      response.destroy()
      return
    }
    if (act.delayMs > 0) await this.#platform.timers.sleep(act.delayMs)
    if (response.destroyed) return
    response.writeHead(act.reply.status, act.reply.headers)
    response.end(act.reply.body)
  }
}

const MISSING: OAuthAct = {
  kind: 'reply',
  delayMs: 0,
  reply: { status: 404, headers: { 'content-type': 'application/json' }, body: '{"error":"not_found"}' },
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size <= LARGEST_BODY_BYTES) parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function fieldsOf(body: string, contentType: string): Readonly<Record<string, string>> {
  if (!contentType.includes('json')) return Object.fromEntries(new URLSearchParams(body))
  try {
    const value: unknown = JSON.parse(body)
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch {
    return {}
  }
}
