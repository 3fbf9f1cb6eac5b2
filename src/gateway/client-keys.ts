import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { ClientKey } from './options.ts'
import type { OwnError } from './own-error.ts'

/** A client key as it is kept: its name and hash. */
export function clientKey(name: string, key: string): ClientKey {
  return { name, sha256: createHash('sha256').update(key).digest('hex') }
}

/** Who is calling; without client keys nobody in particular. */
export type KnownClient = Pick<ClientKey, 'name' | 'fallbackPolicy'> & Partial<Pick<ClientKey, 'sha256'>>

/**
 * Finds the client by `Authorization: Bearer` or `x-api-key`.
 * @returns the client's name (`local` when no keys are configured), or the error to answer
 */
export function identifyClient(
  headers: IncomingHttpHeaders,
  clients: readonly ClientKey[],
): KnownClient | { readonly error: OwnError } {
  if (clients.length === 0) return { name: 'local' }
  const given = [bearerOf(headers.authorization), single(headers['x-api-key'])].filter((key) => key !== undefined)
  if (given.length === 0) {
    return {
      error: {
        code: 'client_key_required',
        message: 'this gateway needs a client key: send it as "Authorization: Bearer" or "x-api-key"',
      },
    }
  }
  for (const key of given) {
    const hash = createHash('sha256').update(key).digest()
    // Every key is compared, in constant time: the answer's timing names nobody.
    let found: ClientKey | undefined
    for (const client of clients) if (timingSafeEqual(hash, Buffer.from(client.sha256, 'hex'))) found = client
    if (found !== undefined) return found
  }
  return { error: { code: 'client_key_wrong', message: 'this client key is not known to the gateway' } }
}

function bearerOf(value: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(value ?? '')?.[1]
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
