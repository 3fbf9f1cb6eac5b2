import * as zlib from 'node:zlib'
import { Decompress as ZstdDecompress } from 'fzstd'
import type { OwnError } from './own-error.ts'

export type Decoded = { readonly bytes: Uint8Array } | { readonly error: OwnError }

/** More than this is never sent by a client and only multiplies a bomb. */
const MOST_ENCODINGS = 2

/**
 * Undoes the content-encodings of a request body. The output is bounded: a kilobyte can unpack to gigabytes.
 * @param encodings value of `content-encoding`
 */
export async function decodeBody(
  bytes: Uint8Array,
  encodings: string | undefined,
  limitBytes: number,
): Promise<Decoded> {
  const names = (encodings ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
  if (names.length > MOST_ENCODINGS) return unsupported(names.join(', '))
  let current = bytes
  for (const name of names.reverse()) {
    // `constructor` is found on every object.
    const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
    if (decoder === undefined) return unsupported(name)
    try {
      current = await decoder(current, limitBytes)
    } catch (error) {
      return isTooLarge(error) ? { error: tooLarge(limitBytes) } : { error: broken(name) }
    }
  }
  return { bytes: current }
}

export function tooLarge(limitBytes: number): OwnError {
  return {
    code: 'body_too_large',
    message: `the request body is larger than ${Math.floor(limitBytes / 1_048_576)} MiB after decoding`,
    headers: [['connection', 'close']],
  }
}

type Decoder = (bytes: Uint8Array, limitBytes: number) => Promise<Uint8Array>

class TooLargeError extends Error {}

function isTooLarge(error: unknown): boolean {
  return (
    error instanceof TooLargeError ||
    (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
  )
}

function viaZlib(
  decode: (
    bytes: Uint8Array,
    options: { maxOutputLength: number },
    done: (error: Error | null, result: Buffer) => void,
  ) => void,
): Decoder {
  return (bytes, limitBytes) =>
    new Promise((resolve, reject) => {
      decode(bytes, { maxOutputLength: limitBytes }, (error, result) =>
        error === null ? resolve(result) : reject(error),
      )
    })
}

/** Clients send raw and wrapped deflate under one name. */
const inflateEither: Decoder = async (bytes, limitBytes) => {
  try {
    return await viaZlib(zlib.inflate)(bytes, limitBytes)
  } catch (error) {
    if (isTooLarge(error)) throw error
    return viaZlib(zlib.inflateRaw)(bytes, limitBytes)
  }
}

/** Node 20 has no zstd, and Codex sends it. Chunk by chunk, so that the output stays bounded. */
const unzstd: Decoder = (bytes, limitBytes) => {
  const parts: Uint8Array[] = []
  let size = 0
  let ended = false
  const stream = new ZstdDecompress((part, final) => {
    size += part.length
    if (size > limitBytes) throw new TooLargeError('zstd')
    parts.push(part)
    ended ||= final === true
  })
  stream.push(bytes, true)
  if (!ended) throw new Error('incomplete zstd frame')
  return Promise.resolve(Buffer.concat(parts))
}

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: viaZlib(zlib.gunzip),
  'x-gzip': viaZlib(zlib.gunzip),
  deflate: inflateEither,
  br: viaZlib(zlib.brotliDecompress),
  zstd: async (bytes, limitBytes) => unzstd(bytes, limitBytes),
}

function unsupported(name: string): { error: OwnError } {
  return {
    error: {
      code: 'unsupported_encoding',
      message: `content-encoding ${name.slice(0, 60)} is not supported; use gzip, br, deflate or zstd`,
      headers: [['accept-encoding', 'gzip, br, deflate, zstd']],
    },
  }
}

function broken(name: string): OwnError {
  return { code: 'invalid_body', message: `the request body is not valid ${name}` }
}
