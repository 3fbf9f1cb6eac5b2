import type { UsageProbe } from '../provider.ts'

/**
 * A GET below the base URL with the key as bearer. Only ever a path is added, so that a key stays with the origin it belongs to (68237).
 * @param dropped end of a base URL that is not part of the endpoint's address
 */
export function bearerGet(path: string, dropped = /\/+$/): UsageProbe['request'] {
  return ({ token }, baseUrl) => ({
    url: baseUrl.replace(/\/+$/, '').replace(dropped, '') + path,
    headers: [
      ['authorization', `Bearer ${token}`],
      ['accept', 'application/json'],
    ],
  })
}
