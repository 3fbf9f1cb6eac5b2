import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Platform, systemPlatform } from '../platform/platform.ts'
import type { WireName } from '../wire/wire.ts'
import { modelsAnswer } from './models-answer.ts'
import { OAuthCarrier } from './oauth-carrier.ts'
import type { OAuthAccount, OAuthScript, SeenOAuthRequest } from './oauth-script.ts'
import type { OAuthServer } from './oauth-server.ts'
import { perform } from './perform.ts'
import { badRequest, codexRefusal, isCodexPath, refusedToken, styleOf, unknownToken } from './provider-style.ts'
import { readJson } from './read-json.ts'
import type { CredentialScript, Scenario, SeenRequest, Step } from './scenario.ts'
import { type NextStep, ScriptProgress } from './script-progress.ts'

/** One scenario for every path, or several providers at once, each below its own path prefix: `{ '/a': ..., '/b': ... }`. */
export type Play = Scenario | Readonly<Record<`/${string}`, Scenario>>

export interface SimulatorOptions {
  readonly scenario: Play
  /** @default 127.0.0.1 */
  readonly host?: string
  /** @default any free one */
  readonly port?: number
  /**
   * Also an authorization server, at `url` itself as issuer. Then only tokens that it issued are honoured, and each account plays a script of the scenario.
   * @default none
   */
  readonly oauth?: OAuthScript
  readonly onOAuthRequest?: (request: SeenOAuthRequest) => void
  /** Time of windows, resets and slow answers. @default the system's */
  readonly platform?: Platform
  /** Told about every request as it comes. */
  readonly onRequest?: (request: SeenRequest) => void
  /** Requests kept in `requests`; older ones are forgotten, so that a standing simulator does not grow. @default 10000 */
  readonly remember?: number
}

export interface Simulator {
  /** `http://127.0.0.1:PORT`: base URLs are this, the prefix if there are several, and `/v1` or `/backend-api/codex`. */
  readonly url: string
  readonly port: number
  /** What arrived, oldest first. */
  readonly requests: readonly SeenRequest[]
  /** The authorization server, when there is one: approve, deny, invalidate, change its script. */
  readonly oauth: OAuthServer | undefined
  /** What arrived at the authorization server, oldest first. */
  readonly oauthRequests: readonly SeenOAuthRequest[]
  /** Requests that came with this token, below this prefix if one is given. Counts forgotten ones too. */
  hits(token: string, mount?: string): number
  /** Plays something else from now on, from its beginning. What arrived so far is kept. */
  use(scenario: Play): void
  /** Forgets requests, steps and used-up windows; optionally plays something else from now on. */
  reset(scenario?: Play): void
  /** Cuts every connection. */
  close(): Promise<void>
}

const WIRES_BY_PATH: ReadonlyArray<readonly [suffix: string, wire: WireName]> = [
  ['/responses', 'responses'],
  ['/chat/completions', 'chat-completions'],
  ['/messages', 'messages'],
  ['/messages/count_tokens', 'messages'],
]

/**
 * Starts a provider on a loopback socket that does what its scenario says. Serves `POST .../responses`,
 * `.../chat/completions`, `.../messages`, `.../messages/count_tokens` and `GET .../models` below any prefix; a path with `/backend-api/codex` is as strict as that backend.
 * @throws the listener's error, such as EADDRINUSE
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const platform = options.platform ?? systemPlatform
  const host = options.host ?? '127.0.0.1'
  const remember = options.remember ?? 10_000
  let mounts = mountsOf(options.scenario)
  let seen: SeenRequest[] = []
  let hits = new Map<string, number>()
  let arrivals = 0

  const carrier =
    options.oauth === undefined
      ? undefined
      : new OAuthCarrier(options.oauth, platform, () => url(), remember, options.onOAuthRequest)

  const server = createServer({ noDelay: true, keepAlive: true })
  server.on('request', (request, response) => {
    // A caller who leaves is part of the play, not an error.
    request.on('error', () => {})
    response.on('error', () => {})
    void serve(request, response).catch(() => response.destroy())
  })
  server.on('clientError', (_error, socket) => socket.destroy())

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    if (carrier?.owns(path) === true) return carrier.carry(request, response)
    const mount = mounts.find(({ prefix }) => prefix === '' || path === prefix || path.startsWith(`${prefix}/`))
    const wire = WIRES_BY_PATH.find(([suffix]) => path.endsWith(suffix))?.[1]
    const isModels = request.method === 'GET' && path.endsWith('/models')
    const body = await readJson(request)
    const nowMs = platform.clock.now()
    const headers = headersOf(request)
    const told = {
      id: String((arrivals += 1)).padStart(6, '0'),
      model: typeof body?.['model'] === 'string' ? body['model'] : '',
      nowMs,
      includeUsage: asksForUsage(body?.['stream_options']),
    }
    const stream = body?.['stream'] === true
    const act = ({ step, announced }: NextStep) =>
      perform(response, step, {
        wire: wire ?? 'responses',
        stream,
        told,
        headers: announced,
        timers: platform.timers,
      })
    if (mount !== undefined && isModels) {
      const isAnthropic = headers['anthropic-version'] !== undefined
      return act({ step: modelsAnswer(path, isAnthropic, mount.scenario.models), announced: {} })
    }
    if (mount === undefined || wire === undefined || request.method !== 'POST')
      return act({ step: badRequest(wire, 404), announced: {} })
    if (body === undefined) return act({ step: badRequest(wire, 400), announced: {} })
    const one: SeenRequest = {
      path,
      mount: mount.prefix,
      wire,
      token: /^Bearer\s+(.*)$/i.exec(headers['authorization'] ?? '')?.[1] ?? headers['x-api-key'] ?? '',
      accountId: headers['chatgpt-account-id'],
      model: told.model,
      stream,
      headers,
      body,
      atMs: nowMs,
    }
    note(one)
    const next = choose(mount, one, carrier?.server)
    return act(path.endsWith('/count_tokens') && next.step.kind === 'answer' ? { ...next, step: COUNT } : next)
  }

  function note(one: SeenRequest): void {
    seen.push(one)
    if (seen.length > remember) seen.shift()
    for (const name of [one.token, `${one.mount}\n${one.token}`]) hits.set(name, (hits.get(name) ?? 0) + 1)
    options.onRequest?.(one)
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  function url(): string {
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  }
  return {
    url: url(),
    port,
    oauth: carrier?.server,
    get oauthRequests() {
      return carrier?.requests ?? []
    },
    get requests() {
      return seen
    },
    hits: (token, mount) => hits.get(mount === undefined ? token : `${mount}\n${token}`) ?? 0,
    use: (scenario) => {
      mounts = mountsOf(scenario)
    },
    reset: (scenario) => {
      mounts = scenario === undefined ? mounts.map(restarted) : mountsOf(scenario)
      seen = []
      hits = new Map()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A good answer where tokens are counted. */
const COUNT: Step = {
  kind: 'raw',
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: '{"input_tokens":12}',
}

/** One provider below its prefix. */
interface Mount {
  readonly prefix: string
  readonly scenario: Scenario
  readonly progress: ScriptProgress
}

function mountsOf(play: Play): readonly Mount[] {
  const given: ReadonlyArray<readonly [string, Scenario]> = isScenario(play) ? [['', play]] : Object.entries(play)
  return (
    given
      .map(([prefix, scenario]) => restarted({ prefix: prefix.replace(/\/+$/, ''), scenario }))
      // The longest prefix first: `/a/b` is not served by `/a`.
      .sort((one, other) => other.prefix.length - one.prefix.length)
  )
}

function restarted({ prefix, scenario }: Pick<Mount, 'prefix' | 'scenario'>): Mount {
  return { prefix, scenario, progress: new ScriptProgress() }
}

function isScenario(play: Play): play is Scenario {
  return typeof (play as Partial<Scenario>).name === 'string'
}

function choose({ scenario, progress }: Mount, seen: SeenRequest, oauth: OAuthServer | undefined): NextStep {
  const { path, wire, token, accountId, body, atMs } = seen
  const style = scenario.style ?? styleOf(path, wire)
  const judged = oauth?.judge(token)
  if (judged !== undefined && judged.verdict !== 'valid')
    return { step: refusedToken(judged.verdict, wire, style, token), announced: {} }
  const script =
    judged?.account === undefined
      ? scriptOf(scenario, token)
      : playedBy(judged.account, oauth?.accounts ?? [], scenario)
  const isOther = isCodexPath(path) && script?.accountId !== undefined && script.accountId !== accountId
  if (script === undefined || isOther) return { step: unknownToken(wire, style, token), announced: {} }
  const refusal = isCodexPath(path) ? codexRefusal(body) : undefined
  // Windows belong to accounts: a refreshed token does not open a new one.
  const holder = judged?.account?.userId ?? token
  return refusal === undefined ? progress.next(holder, script, style, atMs) : { step: refusal, announced: {} }
}

function scriptOf(scenario: Scenario, token: string): CredentialScript | undefined {
  if (Object.hasOwn(scenario.credentials, token)) return scenario.credentials[token]
  return token === '' ? undefined : scenario.otherwise
}

/** What an account plays: the script it names, else the one at its position, with its own account id. */
function playedBy(account: OAuthAccount, accounts: readonly OAuthAccount[], scenario: Scenario): CredentialScript {
  const position = accounts.findIndex(({ userId }) => userId === account.userId)
  const name = account.plays ?? Object.keys(scenario.credentials)[position]
  const script = name === undefined ? scenario.otherwise : scenario.credentials[name]
  return { ...script, accountId: account.accountId }
}

function asksForUsage(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'include_usage' in options && options.include_usage === true
}

function headersOf(request: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}
