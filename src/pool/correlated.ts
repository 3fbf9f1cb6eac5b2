import type { Bench } from './bench.ts'
import { doubled } from './bench-times.ts'
import type { Credential } from './credential.ts'

/** Three of one provider failing the same way this close together is a provider or proxy fault. */
const TOGETHER = 3
const WITHIN_MS = 10_000
const SOFT_BENCH_MS = 60_000
const LONGEST_SOFT_BENCH_MS = 15 * 60_000

/**
 * Authentication failures that came together: a broken proxy or provider must not write death certificates for a whole pool.
 * The first time each gets 60 s; when it happens again to the same credential, twice as long, at most 15 min. A credential that
 * later fails alone is judged alone.
 * @param bench the bench that was just made
 * @param benches what stands now, `bench` included or not
 * @returns the benches to write in their place; empty when this is no such case
 */
export function softenCorrelated(
  bench: Bench,
  benches: readonly Bench[],
  credentials: readonly Credential[],
  nowMs: number,
): readonly Bench[] {
  if (bench.reason !== 'auth_revoked' && bench.reason !== 'auth_expired') return []
  const provider = credentials.find((each) => each.id === bench.credentialId)?.provider
  const generations = new Map<string, number>()
  for (const each of credentials) if (each.provider === provider) generations.set(each.id, each.generation)
  const together = new Map<string, Bench>()
  for (const each of [...benches, bench]) {
    const sameWay = each.reason === bench.reason && each.evidence.rule === bench.evidence.rule
    const recent = nowMs - each.sinceMs <= WITHIN_MS && each.untilMs > nowMs
    if (sameWay && recent && generations.get(each.credentialId) === each.tokenGeneration)
      together.set(each.credentialId, each)
  }
  if (together.size < TOGETHER) return []
  const softened: Bench[] = []
  for (const each of together.values()) {
    const untilMs = each.sinceMs + doubled(SOFT_BENCH_MS, each.strikes - 1, LONGEST_SOFT_BENCH_MS)
    if (each.dead || each.untilMs > untilMs) softened.push({ ...each, dead: false, untilMs, trialAtMs: untilMs })
  }
  return softened
}
