import { Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { HeaderList } from './network.ts'
import type { UpstreamBody } from './upstream-body.ts'

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/** Undoes a content-encoding that an upstream applied although none was asked for. */
export function decoded(body: UpstreamBody, headers: HeaderList): AsyncIterable<Uint8Array> {
  const encoding = headers
    .find(([name]) => name.toLowerCase() === 'content-encoding')?.[1]
    .trim()
    .toLowerCase()
  const decoder = encoding === undefined ? undefined : DECODERS[encoding]?.()
  if (decoder === undefined) return body
  const source = Readable.from(body, { objectMode: false })
  // Both ways: a cut upstream must end the decoder, and a caller who stops reading must cut the upstream.
  source.on('error', (error) => decoder.destroy(error))
  decoder.on('close', () => source.destroy())
  return source.pipe(decoder)
}
