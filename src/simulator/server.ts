import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Platform } from '../platform/platform.ts'
import { systemPlatform } from '../platform/platform.ts'
import type { WireName } from '../wire/wire.ts'
import { perform } from './perform.ts'
import { codexRefusal, type QuotaState, quotaHeaders, quotaStep, unknownToken } from './provider-style.ts'
import type { CredentialScript, Scenario, SeenRequest, Step } from './scenario.ts'

export interface SimulatorOptions {
  readonly scenario: Scenario
  /** @default 127.0.0.1 */
  readonly host?: string
  /** @default any free one */
  readonly port?: number
  /** Time of windows and resets. @default the system's */
  readonly platform?: Platform
  /** Told about every request as it comes. */
  readonly onRequest?: (request: SeenRequest) => void
}

export interface Simulator {
  /** `http://127.0.0.1:PORT`: base URLs are this plus `/v1` or `/backend-api/codex`. */
  readonly url: string
  readonly port: number
  /** Everything that arrived, oldest first. */
  readonly requests: readonly SeenRequest[]
  /** Requests that came with this token. */
  hits(token: string): number
  /** Forgets requests and used-up windows; optionally plays something else from now on. */
  reset(scenario?: Scenario): void
  /** Cuts every connection. */
  close(): Promise<void>
}

const WIRES_BY_PATH: ReadonlyArray<readonly [suffix: string, wire: WireName]> = [
  ['/responses', 'responses'],
  ['/chat/completions', 'chat-completions'],
  ['/messages', 'messages'],
]

const DEFAULT_MODELS = ['gpt-5.5', 'claude-sonnet-5']
const LARGEST_BODY_BYTES = 128 * 1024 * 1024

/** Starts a provider that does what its scenario says. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const platform = options.platform ?? systemPlatform
  const host = options.host ?? '127.0.0.1'
  let { scenario } = options
  let seen: SeenRequest[] = []
  let calls = new Map<string, number>()
  let windows = new Map<string, { used: number; resetAtMs: number }>()

  const server = createServer({ noDelay: true, keepAlive: true })
  server.on('request', (request, response) => {
    request.on('error', () => {})
    response.on('error', () => {})
    void serve(request, response).catch(() => response.destroy())
  })
  server.on('clientError', (_error, socket) => socket.destroy())

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    if (request.method === 'GET' && path.endsWith('/models')) return sendModels(response, scenario)
    const wire = WIRES_BY_PATH.find(([suffix]) => path.endsWith(suffix))?.[1]
    const body = await readJson(request)
    if (wire === undefined || request.method !== 'POST' || body === undefined) {
      response.writeHead(wire === undefined ? 404 : 400, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({
          error: {
            message: wire === undefined ? 'not found' : 'bad request',
            type: 'invalid_request_error',
            param: null,
            code: null,
          },
        }),
      )
      return
    }
    const nowMs = platform.clock.now()
    const headers = record(request)
    const token = /^Bearer\s+(.*)$/i.exec(headers['authorization'] ?? '')?.[1] ?? headers['x-api-key'] ?? ''
    const model = typeof body['model'] === 'string' ? body['model'] : ''
    const stream = body['stream'] === true
    const one: SeenRequest = {
      path,
      wire,
      token,
      accountId: headers['chatgpt-account-id'],
      model,
      stream,
      headers,
      body,
      atMs: nowMs,
    }
    seen.push(one)
    options.onRequest?.(one)
    const { step, announced } = choose(path, wire, token, body, nowMs)
    await perform(response, step, {
      wire,
      stream,
      told: { id: String(seen.length).padStart(6, '0'), model, nowMs },
      headers: announced,
    })
  }

  function choose(
    path: string,
    wire: WireName,
    token: string,
    body: Readonly<Record<string, unknown>>,
    nowMs: number,
  ): { step: Step; announced: Readonly<Record<string, string>> } {
    const style =
      scenario.style ??
      (path.includes('/backend-api/codex') ? 'openai-codex' : wire === 'messages' ? 'anthropic' : 'openai')
    const script = scenario.credentials[token]
    if (script === undefined) return { step: unknownToken(wire, style), announced: {} }
    const refusal = path.includes('/backend-api/codex') ? codexRefusal(body) : undefined
    if (refusal !== undefined) return { step: refusal, announced: {} }
    const state = quotaState(token, script, nowMs)
    if (state !== undefined && state.used >= state.quota.calls)
      return { step: quotaStep(style, state, nowMs), announced: {} }
    const index = calls.get(token) ?? 0
    calls.set(token, index + 1)
    const steps = script.steps ?? []
    const step = steps[Math.min(index, steps.length - 1)] ?? { kind: 'answer' }
    if (state === undefined) return { step, announced: {} }
    const used = { ...state, used: state.used + 1 }
    windows.set(token, { used: used.used, resetAtMs: used.resetAtMs })
    return { step, announced: quotaHeaders(style, used, nowMs) }
  }

  function quotaState(token: string, script: CredentialScript, nowMs: number): QuotaState | undefined {
    const { quota } = script
    if (quota === undefined) return undefined
    const lengthMs = (quota.resetsInSeconds ?? quota.windowMinutes * 60) * 1000
    const window = windows.get(token)
    const current =
      window === undefined || nowMs >= window.resetAtMs ? { used: 0, resetAtMs: nowMs + lengthMs } : window
    windows.set(token, current)
    return { quota, ...current }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://${host}:${port}`,
    port,
    get requests() {
      return seen
    },
    hits: (token) => seen.filter((each) => each.token === token).length,
    reset: (next) => {
      if (next !== undefined) scenario = next
      seen = []
      calls = new Map()
      windows = new Map()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function sendModels(response: ServerResponse, scenario: Scenario): void {
  const data = (scenario.models ?? DEFAULT_MODELS).map((id) => ({
    id,
    object: 'model',
    created: 0,
    owned_by: 'simulator',
  }))
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ object: 'list', data }))
}

async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>> | undefined> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > LARGEST_BODY_BYTES) return undefined
    parts.push(part)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function record(request: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}
