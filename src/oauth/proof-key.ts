import { createHash } from 'node:crypto'
import type { Random } from '../platform/random.ts'

/** Proof that whoever redeems a code is whoever asked for it (RFC 7636, S256). */
export interface ProofKey {
  readonly verifier: string
  readonly challenge: string
}

/** 64 random bytes, as the Codex CLI takes them. */
export function makeProofKey(random: Random): ProofKey {
  const verifier = Buffer.from(random.bytes(64)).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** Ties a callback to the login that waits for it. */
export function makeState(random: Random): string {
  return Buffer.from(random.bytes(32)).toString('base64url')
}
