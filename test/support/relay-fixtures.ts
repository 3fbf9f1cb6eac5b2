import type { Refresher } from '../../src/oauth/refresh.ts'
import type { CutSignal, Network, NetworkAnswer, NetworkRequest } from '../../src/platform/network.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { CredentialPool, type PoolOptions } from '../../src/pool/pool.ts'
import type { NewCredential } from '../../src/pool/store-contract.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { RetryBudget } from '../../src/recovery/budget.ts'
import { DEFAULT_POLICY } from '../../src/recovery/policy.ts'
import { type Capabilities, DEFAULT_LIMITS, type Limits, type Route } from '../../src/relay/call.ts'
import type { Compress } from '../../src/relay/compress.ts'
import { Relay } from '../../src/relay/relay.ts'
import { ANSWERS } from '../../src/simulator/answers.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { PATHS, requestBody } from './client.ts'
import { type ManualPlatform, manualPlatform } from './manual-platform.ts'
import { streamOf } from './watch-stream.ts'

/** A request as the upstream saw it. */
export interface Asked {
  readonly url: string
  readonly token: string
  readonly model: string
  readonly wire: WireName
  readonly stream: boolean
}

/** What an upstream does: a status with a body, events, an exception, silence, or a good answer. */
export type Answered =
  | {
      readonly status: number
      readonly body?: unknown
      readonly headers?: Readonly<Record<string, string>>
    }
  | { readonly events: ReadonlyArray<{ readonly event?: string; readonly data: unknown }> }
  | { readonly throws: unknown }
  | 'silence'
  | 'good'

export interface RouteGiven {
  /** The pool's name. */
  readonly provider: string
  /** The provider behind the name. @default the name itself */
  readonly type?: string
  readonly model?: string
  readonly baseUrl?: string
  readonly proxy?: string
  readonly capabilities?: Capabilities
  /** Credentials, in order: tokens, or more than that. A token is its own label. */
  readonly tokens: readonly (string | Partial<NewCredential>)[]
}

export interface RelayGiven {
  readonly routes: readonly RouteGiven[]
  /** @default every upstream gives a good answer */
  readonly answer?: (asked: Asked) => Answered | Promise<Answered>
  readonly pool?: Partial<PoolOptions>
  readonly limits?: Partial<Limits>
  readonly budget?: RetryBudget
  readonly compress?: Compress
  readonly wire?: WireName
  /** Renews logins. @default nobody does */
  readonly refresher?: (store: MemoryStore, platform: ManualPlatform) => Refresher
}

/** What the caller got. */
export interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface TestRelay {
  readonly platform: ManualPlatform
  readonly store: MemoryStore
  readonly pool: CredentialPool
  readonly budget: RetryBudget
  /** Everything that was sent, in order. */
  readonly sent: Asked[]
  readonly events: readonly TelemetryEvent[]
  call(given?: CallGiven): Promise<Got>
  /** How often somebody wanted a body taken apart. */
  bodyReads(): number
  /** Tokens that were sent since the last look. */
  tokens(): readonly string[]
  /** `label: reason` of every bench, in the order of the credentials. */
  benched(): Promise<readonly string[]>
}

export interface CallGiven {
  readonly wire?: WireName
  readonly signal?: AbortSignal
  /** Tells one conversation from another. @default all calls belong to the same */
  readonly session?: string
  /** Only count the tokens; such a call is a Messages one. */
  readonly operation?: 'count_tokens'
  /** Fields of the body beside the usual ones. */
  readonly more?: Readonly<Record<string, unknown>>
  /** Names of the routes to use. @default all */
  readonly providers?: readonly string[]
}

/** The relay and its pool before upstreams that are functions: no sockets, and time that only waits and silences move. */
export async function relayBefore(given: RelayGiven): Promise<TestRelay> {
  const still = manualPlatform()
  const platform = waitingMovesTime(still)
  const store = new MemoryStore()
  for (const route of given.routes)
    for (const each of route.tokens) await store.addCredential(credentialFor(route, each), platform.clock.now())
  const chain = given.routes.map(routeOf)
  const pool = new CredentialPool({ store, strategyFor: () => 'fill_first', ...given.pool, platform })
  const sent: Asked[] = []
  const events: TelemetryEvent[] = []
  const budget = given.budget ?? new RetryBudget()
  const limits: Limits = { ...DEFAULT_LIMITS, ...given.limits }
  const network: Network = {
    async send(request, _timeouts, signal) {
      const asked = readRequest(request)
      sent.push(asked)
      const answered = (await given.answer?.(asked)) ?? 'good'
      return answered === 'silence' ? silence(platform, signal) : perform(answered, asked)
    },
    close: () => Promise.resolve(),
  }
  const relay = new Relay({
    pool,
    network,
    platform,
    policy: DEFAULT_POLICY,
    limits,
    budget,
    compress: given.compress,
    ...(given.refresher === undefined ? {} : { refresher: given.refresher(store, still) }),
    emit: (event) => events.push(event),
  })
  let calls = 0
  let looked = 0
  let bodyReads = 0
  return {
    platform,
    store,
    pool,
    budget,
    sent,
    events,
    bodyReads: () => bodyReads,
    async call({
      wire = given.wire ?? 'responses',
      signal,
      session = 'one',
      operation,
      more,
      providers,
    }: CallGiven = {}) {
      calls += 1
      const body = { ...requestBody(wire, false), ...more }
      const answer = await relay.answer({
        id: `call_${calls}`,
        wire,
        model: 'gpt-5.5',
        stream: false,
        headers: [['x-sparekey-session', session]],
        bytes: new TextEncoder().encode(JSON.stringify(body)),
        get body() {
          bodyReads += 1
          return body
        },
        signal: signal ?? new AbortController().signal,
        query: '',
        operation,
        chain: providers === undefined ? chain : chain.filter(({ provider }) => providers.includes(provider)),
        client: 'other',
      })
      const parts: Uint8Array[] = []
      for await (const bytes of answer.body) parts.push(bytes)
      await answer.ended
      return {
        status: answer.status,
        headers: Object.fromEntries(answer.headers.map(([name, value]) => [name.toLowerCase(), value])),
        text: Buffer.concat(parts).toString('utf8'),
      }
    },
    tokens() {
      const since = sent.slice(looked).map(({ token }) => token)
      looked = sent.length
      return since
    },
    async benched() {
      const { credentials, benches } = await store.snapshot()
      return credentials.flatMap(({ id, label }) =>
        benches.filter(({ credentialId }) => credentialId === id).map(({ reason }) => `${label}: ${reason}`),
      )
    },
  }
}

/** Backoffs pass at once and move the clock by what they would have taken. */
function waitingMovesTime(platform: ManualPlatform): ManualPlatform {
  const sleep = (ms: number, signal?: AbortSignal) => {
    if (signal?.aborted === true) return Promise.resolve('aborted' as const)
    platform.advance(ms)
    return Promise.resolve('elapsed' as const)
  }
  return { ...platform, timers: { ...platform.timers, sleep } }
}

/** An upstream that never answers: time passes until the relay cuts it. */
function silence(platform: ManualPlatform, signal: CutSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const wait = () => {
      if (signal.aborted) return reject(new DOMException('This operation was aborted', 'AbortError'))
      platform.advance(1000)
      queueMicrotask(wait)
    }
    queueMicrotask(wait)
  })
}

function perform(answered: Exclude<Answered, 'silence'>, asked: Asked): NetworkAnswer {
  if (answered !== 'good' && 'throws' in answered) throw answered.throws
  const told = { id: '1', model: asked.model, nowMs: 0, includeUsage: false }
  const good = ANSWERS[asked.wire].good({ kind: 'answer' }, told)
  const given =
    answered !== 'good' ? answered : asked.stream ? { events: good.events } : { status: 200, body: good.body }
  if ('events' in given)
    return { status: 200, headers: [['content-type', 'text/event-stream']], body: bytesOf(streamOf(given.events)) }
  const { status, body = {} } = given
  const more = 'headers' in given ? Object.entries(given.headers ?? {}) : []
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { status, headers: [['content-type', 'application/json'], ...more], body: bytesOf(Buffer.from(text)) }
}

// biome-ignore lint/suspicious/useAwait: an async generator by contract
async function* bytesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes
}

function readRequest({ url, headers, body }: NetworkRequest): Asked {
  const named = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]))
  const token = named.get('x-api-key') ?? named.get('authorization')?.replace(/^Bearer /, '') ?? ''
  const { model, stream } = JSON.parse(new TextDecoder().decode(body)) as { model: string; stream?: boolean }
  const wire = WIRE_NAMES.find((name) => url.endsWith(PATHS[name].slice(3))) ?? 'responses'
  return { url, token, model, wire, stream: stream === true }
}

const WIRE_NAMES = ['responses', 'chat-completions', 'messages'] as const

function credentialFor({ provider }: RouteGiven, given: string | Partial<NewCredential>): NewCredential {
  const more = typeof given === 'string' ? { label: given } : given
  const label = more.label ?? 'unnamed'
  return {
    id: `cred_${label}`,
    provider,
    label,
    type: 'api-key',
    source: { kind: 'stored' },
    fingerprint: fingerprintOf(label),
    ...(more.source?.kind === 'env' ? {} : { secret: { token: label } }),
    ...more,
  }
}

function routeOf({ provider, type = provider, model = 'gpt-5.5', baseUrl, proxy, capabilities }: RouteGiven): Route {
  const definition = PROVIDERS[type]
  if (definition === undefined) throw new Error(`no provider ${type}`)
  return {
    provider,
    model,
    definition,
    baseUrl: baseUrl ?? `http://${provider}.test/v1`,
    headers: [],
    wires: definition.wires,
    ...(proxy === undefined ? {} : { proxy }),
    ...(capabilities === undefined ? {} : { capabilities }),
  }
}
