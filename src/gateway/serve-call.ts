import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Platform } from '../platform/platform.ts'
import type { HeaderList } from '../platform/network.ts'
import type { Call } from '../relay/call.ts'
import type { WireName } from '../wire/wire.ts'
import { WIRES } from '../wire/wires.ts'
import { decodeBody } from './decode-body.ts'
import type { GatewayHouse, GatewayLimits, GatewayOptions } from './options.ts'
import { type OwnError, writeOwnError } from './own-error.ts'
import { readBody } from './read-body.ts'
import { writeAnswer } from './write-answer.ts'

export interface ServedCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly wire: WireName
  readonly url: URL
  readonly house: GatewayHouse
  readonly relay: GatewayOptions['relay']
  readonly platform: Platform
  readonly limits: GatewayLimits
  /** Aborts when the gateway closes and the grace is over. */
  readonly cut: AbortSignal
}

/** One model call from its first body byte to its last answer byte. */
export async function serveCall(served: ServedCall): Promise<void> {
  const { request, response, wire, platform, relay } = served
  const read = await readRequest(served)
  if (read === 'left') return
  if ('error' in read) {
    writeOwnError(response, wire, read.error, platform.clock.now())
    // What the client still sends is not read: the connection ends.
    if (!request.complete) request.resume()
    return
  }
  const left = new AbortController()
  const onClose = () => {
    if (!response.writableFinished) left.abort()
  }
  response.once('close', onClose)
  if (response.destroyed) return
  const signal = AbortSignal.any([left.signal, served.cut])
  const answer = await relay.answer({ ...read.call, signal })
  await writeAnswer(response, answer)
}

type ReadRequest = 'left' | { readonly error: OwnError } | { readonly call: Omit<Call, 'signal'> }

async function readRequest({ request, wire, url, house, platform, limits }: ServedCall): Promise<ReadRequest> {
  const read = await readBody(request, limits.bodyBytes)
  if ('left' in read) return 'left'
  if ('error' in read) return read
  const decoded = await decodeBody(read.bytes, headerText(request, 'content-encoding'), limits.bodyBytes)
  if ('error' in decoded) return decoded
  const parsed = parseBody(decoded.bytes)
  if ('error' in parsed) return parsed
  const facts = WIRES[wire].readRequest(parsed.body)
  if (facts === undefined) return { error: { code: 'invalid_body', message: 'the request body must be a JSON object' } }
  const { model } = facts
  if (model === undefined || model === '') {
    return {
      error: { code: 'model_missing', message: 'the request names no model: "model" must be a non-empty string' },
    }
  }
  const resolved = await house.resolveChain(model, wire)
  if (resolved.kind === 'unknown') return { error: { code: 'model_unknown', message: resolved.message } }
  return {
    call: {
      id: platform.random.id('call'),
      wire,
      model,
      stream: facts.stream,
      headers: pairs(request.rawHeaders),
      bytes: decoded.bytes,
      body: parsed.body,
      query: url.search,
      chain: resolved.chain,
      client: isCodex(request, url) ? 'codex' : 'other',
    },
  }
}

function parseBody(bytes: Uint8Array): { readonly body: Record<string, unknown> } | { readonly error: OwnError } {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { error: { code: 'invalid_json', message: 'the request body is not valid UTF-8' } }
  }
  if (text.trim() === '') return { error: { code: 'invalid_json', message: 'the request body is empty' } }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // The engine's message may quote the body; only the position is told.
    const position = /position \d+/.exec(error instanceof Error ? error.message : '')?.[0]
    return {
      error: {
        code: 'invalid_json',
        message: `the request body is not valid JSON${position === undefined ? '' : ` (${position})`}`,
      },
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { error: { code: 'invalid_body', message: 'the request body must be a JSON object' } }
  }
  return { body: value as Record<string, unknown> }
}

/** The Codex CLI reads other error shapes than SDKs (wire-facts 8.1). */
function isCodex(request: IncomingMessage, url: URL): boolean {
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
