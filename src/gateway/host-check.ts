import type { IncomingHttpHeaders } from 'node:http'
import type { OwnError } from './own-error.ts'

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)$/i

/** @returns true for addresses that only this machine can reach */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host)
}

/**
 * A page in a browser must not reach an open loopback gateway: neither by a name that resolves to 127.0.0.1 (DNS rebinding) nor across origins.
 * @returns the error to answer, or undefined
 */
export function checkOrigin(headers: IncomingHttpHeaders, listensOnLoopback: boolean): OwnError | undefined {
  if (!listensOnLoopback) return undefined
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  if (host !== '' && !isLoopback(host)) {
    return { code: 'forbidden_host', message: 'this gateway answers only under a loopback name such as 127.0.0.1' }
  }
  const { origin } = headers
  if (origin === undefined || origin === 'null') return undefined
  const name = /^[a-z][a-z0-9+.-]*:\/\/(\[[^\]]*\]|[^:/]*)/i.exec(origin)?.[1] ?? ''
  // Desktop apps have their own schemes; only pages of other sites are turned away.
  if (!/^https?:/i.test(origin) || isLoopback(name)) return undefined
  return { code: 'forbidden_host', message: 'pages of other sites may not use this gateway' }
}
