import type { IncomingMessage } from 'node:http'
import { tooLarge } from './decode-body.ts'
import type { OwnError } from './own-error.ts'

export type ReadBody = { readonly bytes: Uint8Array } | { readonly error: OwnError } | { readonly left: true }

/** Reads a request body up to a limit. `left`: the client went away before its end. */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<ReadBody> {
  const announced = Number(request.headers['content-length'] ?? 0)
  // Refused before a byte is read: the client may still be sending gigabytes.
  if (announced > limitBytes) return Promise.resolve({ error: tooLarge(limitBytes) })
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let size = 0
    const stop = (result: ReadBody) => {
      request.off('data', onData)
      request.off('end', onEnd)
      request.off('close', onClose)
      resolve(result)
    }
    const onData = (part: Buffer) => {
      size += part.length
      parts.push(part)
      if (size > limitBytes) stop({ error: tooLarge(limitBytes) })
    }
    const onEnd = () => {
      const only = parts.length === 1 ? parts[0] : undefined
      stop({ bytes: only ?? Buffer.concat(parts) })
    }
    const onClose = () => stop({ left: true })
    request.on('data', onData)
    request.on('end', onEnd)
    request.on('close', onClose)
    if (request.destroyed) onClose()
  })
}
