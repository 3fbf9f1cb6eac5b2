import type { HeaderRecord } from '../failure/evidence.ts'
import type { HeaderList } from '../platform/network.ts'

const MASK = '[redacted]'
/** Shorter ones would mask ordinary words. */
const SHORTEST_TOKEN = 8

/** Text of an upstream without the token that it was called with: providers quote keys in their errors, and errors are stored and shown. */
export function maskToken(text: string, token: string): string {
  return token.length < SHORTEST_TOKEN ? text : text.replaceAll(token, MASK)
}

export function withoutToken(headers: HeaderRecord, token: string): HeaderRecord {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, maskToken(value, token)]))
}

export function withoutTokenList(headers: HeaderList, token: string): HeaderList {
  // Hardly any answer quotes the key: then nothing is copied.
  if (token.length < SHORTEST_TOKEN || !headers.some(([, value]) => value.includes(token))) return headers
  return headers.map(([name, value]) => [name, maskToken(value, token)] as const)
}
