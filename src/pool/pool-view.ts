import type { Bench } from './bench.ts'
import type { Credential } from './credential.ts'
import type { PoolSnapshot } from './store-contract.ts'

const NONE: readonly never[] = []

/** A snapshot, indexed once: thousands of calls read it until something changes. */
export interface PoolView {
  readonly snapshot: PoolSnapshot
  readonly providers: readonly string[]
  /** In priority order; among equals the older one first. */
  readonly credentialsOf: (provider: string) => readonly Credential[]
  readonly credential: (id: string) => Credential | undefined
  /** Running and over; strikes are counted from the ones that are over. */
  readonly benchesOf: (credentialId: string) => readonly Bench[]
  /** No credential of this provider has any bench, and none is a reference: all of them are ready. */
  readonly untroubled: (provider: string) => boolean
  /** Some credential of this provider is a reference, which may be missing in this process. */
  readonly hasReferences: (provider: string) => boolean
  /** Credentials with a bench that the store does not have yet. */
  readonly unwrittenIds: readonly string[]
}

/** The part of a view that changes only when credentials do. */
export interface CredentialIndex {
  readonly credentials: readonly Credential[]
  readonly byProvider: ReadonlyMap<string, readonly Credential[]>
  readonly byId: ReadonlyMap<string, Credential>
  readonly withReferences: ReadonlySet<string>
}

/** @param before an index to use again when the credentials are the same */
export function indexCredentials(
  credentials: readonly Credential[],
  before: CredentialIndex | undefined,
): CredentialIndex {
  if (before?.credentials === credentials) return before
  const byProvider = new Map<string, Credential[]>()
  const byId = new Map<string, Credential>()
  const withReferences = new Set<string>()
  for (const credential of credentials) {
    byId.set(credential.id, credential)
    const list = byProvider.get(credential.provider)
    if (list === undefined) byProvider.set(credential.provider, [credential])
    else list.push(credential)
    if (credential.source.kind !== 'stored') withReferences.add(credential.provider)
  }
  for (const list of byProvider.values()) list.sort(inTurn)
  return { credentials, byProvider, byId, withReferences }
}

/** @param unwritten benches that the store refused (disk full, read-only); they win over the stored ones */
export function viewOf(snapshot: PoolSnapshot, index: CredentialIndex, unwritten: readonly Bench[]): PoolView {
  const { byProvider, byId, withReferences } = index
  const troubled = new Set<string>(withReferences)
  const benches = new Map<string, Bench[]>()
  const kept = unwritten.filter((bench) => (byId.get(bench.credentialId)?.resetStampMs ?? 0) < bench.sinceMs)
  for (const bench of kept.length === 0 ? snapshot.benches : [...snapshot.benches, ...kept]) {
    const owner = byId.get(bench.credentialId)
    if (owner === undefined || bench.tokenGeneration !== owner.generation) continue
    troubled.add(owner.provider)
    const list = benches.get(bench.credentialId) ?? []
    const same = list.findIndex((each) => each.scope === bench.scope)
    if (same === -1) list.push(bench)
    else list[same] = bench
    benches.set(bench.credentialId, list)
  }
  return {
    snapshot,
    providers: [...byProvider.keys()].sort(),
    credentialsOf: (provider) => byProvider.get(provider) ?? NONE,
    credential: (id) => byId.get(id),
    benchesOf: (id) => benches.get(id) ?? NONE,
    untroubled: (provider) => !troubled.has(provider),
    hasReferences: (provider) => withReferences.has(provider),
    unwrittenIds: kept.map((bench) => bench.credentialId),
  }
}

function inTurn(a: Credential, b: Credential): number {
  return a.priority - b.priority || a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)
}
