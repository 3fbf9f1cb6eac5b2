import type { Failure } from '../failure/evidence.ts'
import type { CutSignal, HeaderList } from '../platform/network.ts'
import type { Provider } from '../providers/provider.ts'
import type { AttemptRecord } from '../telemetry/events.ts'
import type { GivenUp, WireName } from '../wire/wire.ts'

/** One client request, as every surface hands it to the relay. */
export interface Call {
  /** `call_...`, shown in headers, logs and error bodies. */
  readonly id: string
  readonly wire: WireName
  /** What the client asked for. */
  readonly model: string
  readonly stream: boolean
  /** The caller's headers as received. */
  readonly headers: HeaderList
  /** The body bytes, already decoded from any content-encoding. */
  readonly bytes: Uint8Array
  /** The same body, parsed. */
  readonly body: Readonly<Record<string, unknown>>
  /** Aborts when the caller leaves. */
  readonly signal: CutSignal
  /** Query string to keep, e.g. `?beta=true`; empty otherwise. */
  readonly query: string
  /** Ordered, immutable. */
  readonly chain: readonly Route[]
  /** Only the tokens of a Messages request are to be counted. @default it is to be answered */
  readonly operation?: 'count_tokens' | undefined
  /** Routes that the fallback policy keeps this call from; told when nothing else is left. @default none */
  readonly withheld?: readonly Withheld[]
  /** Whose key the request came with; what is kept for one caller no other is given. @default the home's own user */
  readonly caller?: string | undefined
  /** Which client is asking, for answers that differ: the Codex CLI reads other shapes than SDKs. */
  readonly client: 'codex' | 'other'
}

/** Provider and model, with everything a route brings along: nothing is half-swapped. */
export interface Route {
  /** The pool's name: a provider id or a configured name. */
  readonly provider: string
  /** The model's name at this provider. */
  readonly model: string
  readonly definition: Provider
  /** Without trailing slash. */
  readonly baseUrl: string
  /** Extra headers from the configuration. */
  readonly headers: HeaderList
  readonly wires: readonly WireName[]
  readonly proxy?: string
  /** What is not known is taken to be possible. @default nothing is known */
  readonly capabilities?: Capabilities
  /** Answers `/messages/count_tokens`. @default the definition's */
  readonly countsTokens?: boolean
  /** false: never HTTP/2. */
  readonly http2?: boolean
  /** @default the definition's */
  readonly billing?: Provider['billing']
}

/** What a route's model is known to be able to. */
export interface Capabilities {
  /** Tokens of a request and its answer together. */
  readonly contextTokens?: number | undefined
  readonly maxOutputTokens?: number | undefined
  readonly tools?: boolean | undefined
  readonly images?: boolean | undefined
  /** Answers by a JSON schema. */
  readonly structuredOutput?: boolean | undefined
}

/** A route that was possible and not taken. */
export interface Withheld {
  /** `provider/model` */
  readonly route: string
  readonly reason: string
}

/** Milliseconds; `deadlineMs` is the whole call up to the first visible output, the others one attempt. */
export interface Limits {
  readonly deadlineMs: number
  readonly connectMs: number
  readonly firstByteMs: number
  readonly idleMs: number
  readonly holdMs: number
  /** Distance of heartbeats once headers are out but nothing visible has come. */
  readonly heartbeatMs: number
  /** 0 = no limit. */
  readonly maxConcurrentPerCredential: number
}

export const DEFAULT_LIMITS: Limits = {
  deadlineMs: 600_000,
  connectMs: 10_000,
  firstByteMs: 120_000,
  idleMs: 300_000,
  holdMs: 5_000,
  heartbeatMs: 10_000,
  maxConcurrentPerCredential: 0,
}

/** What the surface sends to its client. */
export interface RelayAnswer {
  readonly status: number
  /** End-to-end headers, `x-sparekey-*` included; no content-length, no hop-by-hop. */
  readonly headers: HeaderList
  /** Pull-driven: upstream is read only as fast as this is. Never throws: a failed stream ends with the wire's own error. `return()` cancels upstream. */
  readonly body: AsyncIterable<Uint8Array>
  /** The body is one piece at most: whoever sends it can tell its length. */
  readonly whole?: boolean
  /** Settles when the body has ended (or was cancelled). */
  readonly ended: Promise<CallOutcome>
}

/** A complete success or exactly one typed failure (invariant I11). */
export interface CallOutcome {
  readonly outcome: 'answered' | 'failed' | 'cancelled'
  readonly failure?: Failure
  readonly attempts: readonly AttemptRecord[]
  readonly givenUp?: GivenUp
}
