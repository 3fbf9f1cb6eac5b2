import { randomBytes } from 'node:crypto'

/** The only source of chance. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** An unguessable id: `prefix_` and 20 characters of [0-9a-z]. */
  id(prefix: string): string
  /** Unguessable bytes, for proofs and states of a login. */
  bytes(count: number): Uint8Array
}

export const systemRandom: Random = {
  next: () => Math.random(),
  id(prefix) {
    const bytes = randomBytes(20)
    let text = ''
    for (const byte of bytes) text += (byte % 36).toString(36)
    return `${prefix}_${text}`
  },
  bytes: (count) => randomBytes(count),
}

/** A repeatable source for tests and simulations (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    next,
    id: (prefix) =>
      `${prefix}_${Math.floor(next() * 36 ** 10)
        .toString(36)
        .padStart(10, '0')}`,
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)),
  }
}
