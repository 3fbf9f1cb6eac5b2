import type { HeaderRecord } from '../failure/evidence.ts'
import type { HeaderList } from '../platform/network.ts'

/** Meant for one connection only (RFC 9110, 7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** The caller's own keys and cookies: what opens our door must not travel to a provider. */
const CALLER_SECRETS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'cookie', 'chatgpt-account-id']

/** Where the request came from, and how its body was packed; both change on the way. */
const CHANGED_ON_THE_WAY = [
  'host',
  'content-length',
  'content-encoding',
  'accept-encoding',
  'expect',
  'origin',
  'referer',
  'forwarded',
  'x-real-ip',
]

const REQUEST_ONLY = new Set([...HOP_BY_HOP, ...CALLER_SECRETS, ...CHANGED_ON_THE_WAY])
const ANSWER_ONLY = new Set([
  ...HOP_BY_HOP,
  'content-length',
  'content-encoding',
  'set-cookie',
  'alt-svc',
  'strict-transport-security',
])

/** Our own namespace, and what proxies and browsers add. */
const REQUEST_PREFIXES = ['x-sparekey-', 'x-forwarded-', 'sec-', 'cf-']

/** Headers of the caller that may travel to the provider. Unknown ones pass untouched. */
export function forwardableRequestHeaders(headers: HeaderList): HeaderList {
  const named = connectionNames(headers)
  return headers.filter(([name]) => {
    const key = name.toLowerCase()
    if (REQUEST_ONLY.has(key) || named.has(key)) return false
    return !REQUEST_PREFIXES.some((prefix) => key.startsWith(prefix))
  })
}

/** Headers of the provider's answer that may travel to the caller. A provider cannot speak in our name. */
export function forwardableAnswerHeaders(headers: HeaderList): HeaderList {
  const named = connectionNames(headers)
  return headers.filter(([name]) => {
    const key = name.toLowerCase()
    return !ANSWER_ONLY.has(key) && !named.has(key) && !key.startsWith('x-sparekey-')
  })
}

/** The first value of a header. @param name in lower case */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  for (const [each, value] of headers) if (each.length === name.length && each.toLowerCase() === name) return value
  return undefined
}

/** Lower-case record; repeated headers are joined with ", ". */
export function headerRecord(headers: HeaderList): HeaderRecord {
  const record: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    record[key] = record[key] === undefined ? value : `${record[key]}, ${value}`
  }
  return record
}

const NO_NAMES: ReadonlySet<string> = new Set()

/** `Connection: close, x-private` makes `x-private` a hop-by-hop header too. */
function connectionNames(headers: HeaderList): ReadonlySet<string> {
  if (headerValue(headers, 'connection') === undefined) return NO_NAMES
  const names = new Set<string>()
  for (const [name, value] of headers) {
    if (name.toLowerCase() !== 'connection') continue
    for (const each of value.split(',')) names.add(each.trim().toLowerCase())
  }
  return names
}
