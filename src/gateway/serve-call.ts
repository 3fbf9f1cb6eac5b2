import type { IncomingMessage, ServerResponse } from 'node:http'
import { Cut } from '../platform/cut.ts'
import type { Platform } from '../platform/platform.ts'
import type { HeaderList } from '../platform/network.ts'
import { askedCall } from '../relay/asked-call.ts'
import type { Call } from '../relay/call.ts'
import type { FallbackPolicy } from '../relay/resolved-chain.ts'
import type { WireName } from '../wire/wire.ts'
import { decodeBody } from './decode-body.ts'
import type { GatewayHouse, GatewayLimits, GatewayOptions } from './options.ts'
import { type OwnError, ownStreamError, writeOwnError } from './own-error.ts'
import { readBody } from './read-body.ts'
import type { Target } from './target.ts'
import { writeAnswer } from './write-answer.ts'

export interface ServedCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly wire: WireName
  readonly operation: Call['operation']
  readonly url: Target
  /** Of the client's key. */
  readonly fallbackPolicy: FallbackPolicy | undefined
  /** Hash of the client's key. */
  readonly caller: string | undefined
  readonly house: GatewayHouse
  readonly relay: GatewayOptions['relay']
  readonly platform: Platform
  readonly limits: GatewayLimits
  /** Calls that are cut when the gateway closes and the grace is over. */
  readonly cuts: Set<{ stop(): void }>
}

/** One model call from its first body byte to its last answer byte. */
export async function serveCall(served: ServedCall): Promise<void> {
  const { request, response, wire, platform, relay, cuts } = served
  const read = await readCall(served)
  if (read === 'left') return
  if ('error' in read) {
    writeOwnError(response, wire, read.error, platform.clock.now())
    // What the client still sends is not read: the connection ends.
    if (!request.complete) request.resume()
    return
  }
  if (response.destroyed) return
  response.once('close', () => {
    if (!response.writableFinished) read.leave()
  })
  cuts.add(read)
  try {
    const answer = await relay.answer(read)
    if (read.stopped && answer.status === CANCELLED) {
      await answer.body[Symbol.asyncIterator]().return?.()
      return writeOwnError(response, wire, SHUTTING_DOWN, platform.clock.now())
    }
    // What was cut by us must not look as if it had ended.
    const lastWords = async () =>
      read.stopped && (await answer.ended).outcome === 'cancelled'
        ? ownStreamError(wire, SHUTTING_DOWN, platform.clock.now())
        : undefined
    await writeAnswer(response, answer, lastWords)
  } finally {
    cuts.delete(read)
  }
}

/** The relay's status for a call that was cut before it had an answer. */
const CANCELLED = 499

const SHUTTING_DOWN: OwnError = {
  code: 'shutting_down',
  message: 'the gateway is shutting down; try again in a moment',
  headers: [
    ['retry-after', '1'],
    ['connection', 'close'],
  ],
}

/** A call of a client; its body is parsed only for whoever wants to change it. */
class ClientCall implements Call {
  readonly #body: () => Readonly<Record<string, unknown>>
  readonly id: string
  readonly wire: WireName
  readonly model: string
  readonly stream: boolean
  readonly headers: HeaderList
  readonly bytes: Uint8Array
  readonly query: string
  readonly chain: Call['chain']
  readonly operation: Call['operation']
  readonly withheld: NonNullable<Call['withheld']>
  readonly caller: Call['caller']
  readonly client: Call['client']
  readonly signal = new Cut()
  stopped = false

  constructor(given: Omit<Call, 'signal' | 'body'>, body: () => Readonly<Record<string, unknown>>) {
    this.id = given.id
    this.wire = given.wire
    this.model = given.model
    this.stream = given.stream
    this.headers = given.headers
    this.bytes = given.bytes
    this.query = given.query
    this.chain = given.chain
    this.operation = given.operation
    this.withheld = given.withheld ?? []
    this.caller = given.caller
    this.client = given.client
    this.#body = body
  }

  get body(): Readonly<Record<string, unknown>> {
    return this.#body()
  }

  /** The client has gone. */
  leave(): void {
    this.signal.abort()
  }

  /** The gateway can wait no longer: the client is still there and is told so. */
  stop(): void {
    this.stopped = true
    this.signal.abort()
  }
}

async function readCall(served: ServedCall): Promise<'left' | { readonly error: OwnError } | ClientCall> {
  const { request, wire, url, house, platform, limits } = served
  const read = await readBody(request, limits.bodyBytes)
  if ('left' in read) return 'left'
  if ('error' in read) return read
  const encoding = headerText(request, 'content-encoding')
  const decoded = encoding === undefined ? read : await decodeBody(read.bytes, encoding, limits.bodyBytes)
  if ('error' in decoded) return decoded
  const headers = pairs(request.rawHeaders)
  const asked = await askedCall({
    wire,
    bytes: decoded.bytes,
    operation: served.operation,
    headers,
    resolveChain: (model, named) => house.resolveChain(model, wire, named),
    fallbackPolicy: served.fallbackPolicy,
  })
  if ('error' in asked) return asked
  return new ClientCall(
    {
      id: platform.random.id('call'),
      wire,
      model: asked.model,
      stream: asked.stream,
      headers,
      bytes: decoded.bytes,
      query: url.search,
      chain: asked.chain,
      operation: served.operation,
      withheld: asked.withheld ?? [],
      caller: served.caller,
      client: isCodex(request, url) ? 'codex' : 'other',
    },
    asked.body,
  )
}

/** The Codex CLI reads other error shapes than SDKs (wire-facts 8.1). */
function isCodex(request: IncomingMessage, url: Target): boolean {
  if (url.pathname.startsWith('/backend-api/codex/')) return true
  const told = `${headerText(request, 'originator') ?? ''} ${request.headers['user-agent'] ?? ''}`
  return /\bcodex[_-]/i.test(told)
}

function headerText(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

function pairs(raw: readonly string[]): HeaderList {
  const list: Array<readonly [string, string]> = []
  for (let index = 0; index + 1 < raw.length; index += 2) list.push([raw[index] ?? '', raw[index + 1] ?? ''])
  return list
}
