import { createHash } from 'node:crypto'

/** First 12 hex digits of SHA-256 of a secret: tells secrets apart without showing them. */
export function fingerprintOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 12)
}
