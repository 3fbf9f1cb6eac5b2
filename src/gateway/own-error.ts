import type { ServerResponse } from 'node:http'
import { type OwnRefusal, ownGivenUp, renderOwnError } from '../relay/own-refusal.ts'
import type { WireName } from '../wire/wire.ts'
import { WIRES } from '../wire/wires.ts'

/** An own error of the gateway; told in the caller's protocol. */
export interface OwnError extends OwnRefusal {
  readonly headers?: ReadonlyArray<readonly [string, string]>
}

/** Writes an own error, unless headers are out already: then the connection is cut, because a half answer must not look whole. */
export function writeOwnError(response: ServerResponse, wire: WireName, error: OwnError, nowMs: number): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const rendered = renderOwnError(wire, 'gateway', error, nowMs)
  const body = Buffer.from(rendered.body)
  for (const [name, value] of [...rendered.headers, ...(error.headers ?? [])]) response.setHeader(name, value)
  response.setHeader('content-length', body.length)
  response.statusCode = rendered.status
  response.end(body)
}

/** An own error as the end of a stream that has begun. */
export function ownStreamError(wire: WireName, error: OwnError, nowMs: number): Uint8Array {
  return Buffer.from(WIRES[wire].renderStreamError(ownGivenUp(wire, 'gateway', error, nowMs)))
}
