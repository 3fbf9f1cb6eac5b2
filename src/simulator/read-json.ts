import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { decompress as unzstd } from 'fzstd'

export type Json = Readonly<Record<string, unknown>>

const LARGEST_BODY_BYTES = 128 * 1024 * 1024

/** What real providers accept; the Codex CLI may send zstd, which Node 20 does not know. */
const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Promise<Uint8Array>>> = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
  deflate: promisify(inflate),
  zstd: async (bytes) => unzstd(bytes),
}

/** @returns undefined when the body is too large, not decodable or not a JSON object */
export async function readJson(request: IncomingMessage): Promise<Json | undefined> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > LARGEST_BODY_BYTES) return undefined
    parts.push(part)
  }
  try {
    const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? ''
    const bytes = Buffer.concat(parts)
    const decode = DECODERS[encoding]
    if (decode === undefined && encoding !== '' && encoding !== 'identity') return undefined
    const text = Buffer.from(decode === undefined ? bytes : await decode(bytes)).toString('utf8')
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}
