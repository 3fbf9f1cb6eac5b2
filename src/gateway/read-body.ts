import type { IncomingMessage } from 'node:http'
import { tooLarge } from './decode-body.ts'
import type { OwnError } from './own-error.ts'

export type ReadBody = { readonly bytes: Uint8Array } | { readonly error: OwnError } | { readonly left: true }

/** Reads a request body up to a limit. `left`: the client went away before its end. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<ReadBody> {
  const announced = Number(request.headers['content-length'] ?? 0)
  // Refused before a byte is read: the client may still be sending gigabytes.
  if (announced > limitBytes) return { error: tooLarge(limitBytes) }
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length
      if (size > limitBytes) return { error: tooLarge(limitBytes) }
      parts.push(part)
    }
  } catch {
    return { left: true }
  }
  if (!request.complete) return { left: true }
  return { bytes: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts) }
}
