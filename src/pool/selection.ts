import type { Bench } from './bench.ts'
import { benchCovers, benchHolds, EVERY_MODEL, trialIsDue } from './bench.ts'
import type { Credential } from './credential.ts'
import type { NothingReady } from './lease.ts'

/** Where one credential stands for one route, now. The same answer selects and explains. */
export type Standing =
  | { readonly kind: 'ready' }
  /** `bench` is the one that ends last; `trialDue`: one call may test it now. */
  | {
      readonly kind: 'benched'
      readonly bench: Bench
      readonly untilMs: number
      readonly trialDue: boolean
      readonly trialScope: string
    }
  | { readonly kind: 'dead'; readonly bench: Bench }
  /** Its secret lies elsewhere (variable, file, command) and this process cannot have it. */
  | { readonly kind: 'missing'; readonly why: string }
  /** This call has tried it in this token generation. */
  | { readonly kind: 'tried' }
  | { readonly kind: 'busy'; readonly inFlight: number; readonly limit: number }

/** What selection looks at besides credentials and benches. */
export interface Situation {
  readonly nowMs: number
  /** `undefined` asks about the credential as a whole. */
  readonly model: string | undefined
  readonly tried: ReadonlyMap<string, number>
  readonly inFlight: (credentialId: string) => number
  /** Calls at once per credential; 0 = no limit. */
  readonly limit: number
  /** Why this process cannot have the secret of a credential; undefined when it can. */
  readonly missing: (credential: Credential) => string | undefined
}

/** A benched credential that one call may test. */
export interface DueTrial {
  readonly credential: Credential
  readonly bench: Bench
  readonly scope: string
}

/** All credentials of a provider, sorted into tiers. */
export interface Survey {
  readonly ready: readonly Credential[]
  /** Longest overdue first. */
  readonly trialsDue: readonly DueTrial[]
  readonly why: NothingReady
}

const READY: Standing = { kind: 'ready' }

/** Explains one credential. @param benches those of this credential only, of any scope, running or over */
export function standingOf(credential: Credential, benches: readonly Bench[], situation: Situation): Standing {
  let last: Bench | undefined
  let allDue = true
  let trialScope = ''
  for (const bench of benches) {
    if (!benchCovers(bench, situation.model) || !benchHolds(bench, credential, situation.nowMs)) continue
    if (bench.dead) return { kind: 'dead', bench }
    if (last === undefined || bench.untilMs > last.untilMs) last = bench
    if (!trialIsDue(bench, situation.nowMs)) allDue = false
    if (trialScope !== EVERY_MODEL) trialScope = bench.scope
  }
  const why = situation.missing(credential)
  if (why !== undefined) return { kind: 'missing', why }
  const tried = (situation.tried.get(credential.id) ?? -1) >= credential.generation
  const inFlight = situation.limit > 0 ? situation.inFlight(credential.id) : 0
  const busy = situation.limit > 0 && inFlight >= situation.limit
  if (last !== undefined) {
    return { kind: 'benched', bench: last, untilMs: last.untilMs, trialDue: allDue && !tried && !busy, trialScope }
  }
  if (tried) return { kind: 'tried' }
  if (busy) return { kind: 'busy', inFlight, limit: situation.limit }
  return READY
}

/** Sorts the credentials of one provider into tiers. @param credentials in priority order */
export function survey(
  credentials: readonly Credential[],
  benchesOf: (credentialId: string) => readonly Bench[],
  situation: Situation,
): Survey {
  const ready: Credential[] = []
  const trialsDue: DueTrial[] = []
  const count = { benched: 0, dead: 0, tried: 0, busy: 0, missing: 0 }
  let earliest: Bench | undefined
  let newest: Bench | undefined
  for (const credential of credentials) {
    const standing = standingOf(credential, benchesOf(credential.id), situation)
    if (standing.kind === 'ready') {
      ready.push(credential)
      continue
    }
    count[standing.kind] += 1
    if (standing.kind !== 'benched' && standing.kind !== 'dead') continue
    const { bench } = standing
    if (newest === undefined || bench.sinceMs > newest.sinceMs) newest = bench
    if (standing.kind === 'dead') continue
    if (earliest === undefined || bench.untilMs < earliest.untilMs) earliest = bench
    if (standing.trialDue) trialsDue.push({ credential, bench, scope: standing.trialScope })
  }
  trialsDue.sort((a, b) => a.bench.trialAtMs - b.bench.trialAtMs)
  const bench = earliest ?? newest
  const why: NothingReady = {
    total: credentials.length,
    ...count,
    ...(earliest === undefined ? {} : { earliestReturnMs: earliest.untilMs }),
    ...(bench === undefined ? {} : { bench }),
  }
  return { ready, trialsDue, why }
}
