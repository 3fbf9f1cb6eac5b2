import type { ResolvedChain } from '../relay/resolved-chain.ts'
import { SparekeyError } from '../failure/sparekey-error.ts'
import { Cut } from '../platform/cut.ts'
import type { HeaderList } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import type { Call, RelayAnswer } from '../relay/call.ts'
import { askedCall } from '../relay/asked-call.ts'
import { type OwnErrorCode, type OwnRefusal, ownGivenUp, renderOwnError } from '../relay/own-refusal.ts'
import { modelsBody } from '../wire/models-body.ts'
import type { WireName } from '../wire/wire.ts'
import { nearestWire } from '../wire/nearest-wire.ts'
import { servedBy } from './served-by.ts'
import { forAiSdk, isAiSdk } from './ai-sdk-error.ts'
import { streamOf } from './stream-of.ts'
import { thrownError } from '../wire/thrown-error.ts'

/** What a drop-in `fetch` needs from the rest of the system. */
export interface FetchHouse {
  readonly relay: { answer(call: Call): Promise<RelayAnswer> }
  readonly platform: Platform
  /** The routes for a model that a program asked for in a protocol. */
  resolveChain(model: string, wire: WireName, named: string | undefined): Promise<ResolvedChain>
  /** Names that may be asked for. */
  listModels(): Promise<readonly string[]>
  /** Largest request body, bytes. */
  readonly bodyBytes: number
}

/** What a `fetch` does with a call that nobody could answer. */
export interface GivenUpTerms {
  /**
   * `answer`: a `Response` with the error in the SDK's protocol and `x-should-retry: false`, because SDKs retry what is thrown.
   * `throw`: rejects with a `SparekeyError`. A stream that has begun tells its failure itself, in its protocol, either way.
   * @default `answer`; `throw` for the AI SDK, which does not know `x-should-retry` and would walk the whole chain again
   */
  readonly givenUp?: 'answer' | 'throw'
}

/** A drop-in for the global `fetch`. */
export type SparekeyFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * A `fetch` whose requests go through the pool: whatever host they name, the path's end tells the protocol. SDKs that take a `fetch` work unchanged.
 * Answers like the gateway, `x-sparekey-*` headers included. An answer that is an error says `x-should-retry: false`: everything that was worth
 * trying has been tried, and an SDK would walk the whole chain again. Rejects like any `fetch`: when the caller aborts, or gives what is no request.
 * @throws SparekeyError for what was given up, where `givenUp` says so
 */
export function makeFetch(house: FetchHouse, { givenUp }: GivenUpTerms = {}): SparekeyFetch {
  return async (input, init) => {
    const request = new Request(input, init)
    request.signal.throwIfAborted()
    const left = new Cut()
    const throws = givenUp === undefined ? isAiSdk(request.headers) : givenUp === 'throw'
    const answered = answer(house, request, left, throws).catch((error: unknown) => {
      // A home that cannot be opened or read is told like everything else: what is thrown would be asked again.
      if (throws || !SparekeyError.isInstance(error)) throw error
      const { pathname } = new URL(request.url)
      const refusal = {
        code: 'internal_error' as const,
        message: error.hint === undefined ? error.message : `${error.message}: ${error.hint}`,
      }
      return refused(wireOf(servedBy(pathname), pathname), refusal, house.platform.clock.now(), undefined)
    })
    return orAborted(request.signal, left, answered)
  }
}

async function answer(house: FetchHouse, request: Request, left: Cut, throws: boolean): Promise<Response> {
  const url = new URL(request.url)
  const served = servedBy(url.pathname)
  const wire = wireOf(served, url.pathname)
  const refuse = (code: OwnErrorCode, message: string) =>
    refused(wire, { code, message }, house.platform.clock.now(), throws ? request : undefined)
  if (served === undefined) {
    return refuse('unknown_route', `no protocol is served under ${url.pathname}; known: ${KNOWN_PATHS}`)
  }
  if (served.kind === 'models') {
    if (request.method !== 'GET') return refuse('method_not_allowed', `${url.pathname} answers GET`)
    const shape = request.headers.has('anthropic-version') ? 'anthropic' : 'openai'
    return Response.json(modelsBody(await house.listModels(), shape))
  }
  if (request.method !== 'POST') return refuse('method_not_allowed', `${url.pathname} answers POST`)
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity')
    return refuse('unsupported_encoding', 'a body is given to this fetch as it is, not encoded')
  const bytes = new Uint8Array(await request.arrayBuffer())
  if (bytes.length > house.bodyBytes) {
    return refuse('body_too_large', `the request body is larger than ${house.bodyBytes} bytes`)
  }
  const headers = [...request.headers]
  const asked = await askedCall({
    wire,
    bytes,
    operation: served.operation,
    headers,
    resolveChain: (model, named) => house.resolveChain(model, wire, named),
  })
  if ('error' in asked) return refuse(asked.error.code, asked.error.message)
  const given = await house.relay.answer({
    id: house.platform.random.id('call'),
    wire,
    model: asked.model,
    stream: asked.stream,
    headers,
    bytes,
    get body() {
      return asked.body()
    },
    query: url.search,
    chain: asked.chain,
    operation: served.operation,
    withheld: asked.withheld ?? [],
    client: 'other',
    signal: left,
  })
  if (throws && given.status >= 400) await throwGivenUp(given, request)
  return new Response(streamOf(given.body, request.signal, left), {
    status: given.status,
    headers: forSdk(given.status, given.headers),
  })
}

function wireOf(served: ReturnType<typeof servedBy>, pathname: string): WireName {
  return served?.kind === 'call' ? served.wire : nearestWire(pathname)
}

const KNOWN_PATHS = '/responses, /chat/completions, /messages, /messages/count_tokens, /models'

/** The caller's abort is told at once, whatever is being waited for. */
async function orAborted(signal: AbortSignal, left: Cut, answered: Promise<Response>): Promise<Response> {
  let tell: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    tell = () => {
      left.abort()
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', tell, { once: true })
  })
  // An answer that comes after the abort is nobody's: its upstream must not be held open.
  answered.then(
    (late) => (signal.aborted ? late.body?.cancel().catch(() => undefined) : undefined),
    () => undefined,
  )
  try {
    return await Promise.race([answered, aborted])
  } finally {
    if (tell !== undefined) signal.removeEventListener('abort', tell)
  }
}

/** @throws SparekeyError with what was seen, and what would have been answered for those who look for it */
async function throwGivenUp(given: RelayAnswer, request: Request): Promise<void> {
  const chunks: Uint8Array[] = []
  for await (const chunk of given.body) chunks.push(chunk)
  const { givenUp, attempts } = await given.ended
  // The caller's own abort: `orAborted` tells it.
  if (givenUp === undefined) return
  const callId = given.headers.find(([name]) => name === 'x-sparekey-call')?.[1]
  const { status, headers } = given
  const error = thrownError(givenUp, { status, attempts, ...(callId === undefined ? {} : { callId }) })
  throw isAiSdk(request.headers) ? forAiSdk(error, { request, status, headers, body: textOf(chunks) }) : error
}

/** @param thrownTo who asked, if it is thrown. @throws SparekeyError then */
function refused(wire: WireName, refusal: OwnRefusal, nowMs: number, thrownTo: Request | undefined): Response {
  const rendered = renderOwnError(wire, 'fetch', refusal, nowMs)
  if (thrownTo !== undefined) {
    const error = thrownError(ownGivenUp(wire, 'fetch', refusal, nowMs), { status: rendered.status })
    throw isAiSdk(thrownTo.headers) ? forAiSdk(error, { request: thrownTo, ...rendered }) : error
  }
  return new Response(rendered.body, { status: rendered.status, headers: forSdk(rendered.status, rendered.headers) })
}

function textOf(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder()
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode()
}

function forSdk(status: number, headers: HeaderList): Headers {
  const given = new Headers(headers.map(([name, value]) => [name, value]))
  if (status >= 400) given.set('x-should-retry', 'false')
  return given
}
