import type { Bench } from '../pool/bench.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import type { HistoryStore, NewCredential, PoolSnapshot, Store, TrialClaim } from '../pool/store-contract.ts'
import { StoreError } from '../pool/store-contract.ts'
import { admitCredential, renewCredential } from './admit-credential.ts'
import { MemoryHistory } from './memory-history.ts'
import { MemoryPlaces } from './memory-places.ts'
import { MemoryRefreshes } from './memory-refreshes.ts'
import { MemoryReadings } from './memory-readings.ts'
import { MemorySessions } from './memory-sessions.ts'

/** Everything in this process, nothing on disk: for the library without a home, for tests and simulations. */
export class MemoryStore implements Store {
  readonly readings = new MemoryReadings((id) => this.#knows(id))
  readonly places = new MemoryPlaces(
    (id) => this.#knows(id),
    (holder, untilMs) => this.#prolongTrials(holder, untilMs),
  )
  readonly sessions = new MemorySessions((id) => this.#knows(id))
  readonly refreshes = new MemoryRefreshes({
    credential: (id) => (this.#knows(id) ? this.#credentials.get(id) : undefined),
    secret: (id) => this.#secrets.get(id),
    renew: (credential, { secret, fingerprint, generation }) => {
      const renewed = renewCredential(credential, fingerprint, this.#siblings(credential.provider))
      this.#secrets.set(credential.id, secret)
      for (const [scope, bench] of this.#benches.get(credential.id) ?? []) {
        if (bench.tokenGeneration !== generation || bench.reason.startsWith('auth_')) continue
        this.#benches.get(credential.id)?.set(scope, { ...bench, tokenGeneration: renewed.generation })
      }
      this.#put(renewed)
      return renewed
    },
  })
  readonly #history = new MemoryHistory()
  readonly #credentials = new Map<string, Credential>()
  readonly #secrets = new Map<string, Secret>()
  readonly #benches = new Map<string, Map<string, Bench>>()
  readonly #claims = new Map<string, TrialClaim>()
  readonly #turns = new Map<string, number>()
  #revision = 1
  #snapshot: PoolSnapshot | undefined
  #closed = false

  async snapshot(): Promise<PoolSnapshot> {
    this.#open()
    this.#snapshot ??= {
      revision: this.#revision,
      credentials: [...this.#credentials.values()],
      benches: [...this.#benches.values()].flatMap((scopes) => [...scopes.values()]),
    }
    return this.#snapshot
  }

  async addCredential(given: NewCredential, nowMs: number): Promise<Credential> {
    this.#open()
    const credential = admitCredential(given, this.#siblings(given.provider), nowMs)
    this.#credentials.set(credential.id, credential)
    if (given.secret !== undefined && given.source.kind === 'stored') this.#secrets.set(credential.id, given.secret)
    this.#changed()
    return credential
  }

  async removeCredential(id: string): Promise<boolean> {
    this.#open()
    if (!this.#credentials.delete(id)) return false
    this.#secrets.delete(id)
    this.readings.forget(id)
    this.places.forget(id)
    this.refreshes.forget(id)
    this.#forget(id)
    this.#changed()
    return true
  }

  async setPriority(id: string, priority: number): Promise<void> {
    this.#put({ ...this.#credential(id), priority })
  }

  async replaceSecret(id: string, secret: Secret, fingerprint: string): Promise<Credential> {
    const credential = this.#credential(id)
    const renewed = renewCredential(credential, fingerprint, this.#siblings(credential.provider))
    if (credential.source.kind === 'stored') this.#secrets.set(id, secret)
    this.#put(renewed)
    return renewed
  }

  async readSecret(id: string): Promise<Secret | undefined> {
    this.#open()
    return this.#secrets.get(id)
  }

  async changeBench(
    credentialId: string,
    scope: string,
    change: (credential: Credential, bench: Bench | undefined) => Bench | null | undefined,
  ): Promise<{ readonly bench: Bench | undefined; readonly changed: boolean }> {
    this.#open()
    const credential = this.#credentials.get(credentialId)
    if (credential === undefined) return { bench: undefined, changed: false }
    const scopes = this.#benches.get(credentialId) ?? new Map<string, Bench>()
    const standing = scopes.get(scope)
    const next = change(credential, standing)
    if (next === undefined || (next === null && standing === undefined)) return { bench: standing, changed: false }
    if (next === null) scopes.delete(scope)
    else scopes.set(scope, { ...next, credentialId, scope })
    if (scopes.size > 0) this.#benches.set(credentialId, scopes)
    else this.#benches.delete(credentialId)
    this.#changed()
    return { bench: scopes.get(scope), changed: true }
  }

  async resetCredential(id: string, stampMs: number): Promise<void> {
    const credential = this.#credential(id)
    this.#forget(id)
    this.#put({ ...credential, resetStampMs: Math.max(Math.round(stampMs), credential.resetStampMs + 1) })
  }

  async claimTrial(claim: TrialClaim, nowMs: number): Promise<boolean> {
    this.#open()
    if (!this.#credentials.has(claim.credentialId)) return false
    const key = claimKey(claim.credentialId, claim.scope)
    const held = this.#claims.get(key)
    if (held !== undefined && held.holder !== claim.holder && nowMs < held.untilMs) return false
    this.#claims.set(key, claim)
    return true
  }

  async endTrial(credentialId: string, scope: string, holder: string): Promise<void> {
    this.#open()
    const key = claimKey(credentialId, scope)
    if (this.#claims.get(key)?.holder === holder) this.#claims.delete(key)
  }

  async nextTurn(provider: string): Promise<number> {
    this.#open()
    const turn = this.#turns.get(provider) ?? 0
    this.#turns.set(provider, turn + 1)
    return turn
  }

  async peekTurn(provider: string): Promise<number> {
    this.#open()
    return this.#turns.get(provider) ?? 0
  }

  async openHistory(): Promise<HistoryStore> {
    this.#open()
    return this.#history
  }

  async forgetHistory(): Promise<void> {
    this.#history.forget()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#history.forget()
    this.#secrets.clear()
  }

  #knows(credentialId: string): boolean {
    this.#open()
    return this.#credentials.has(credentialId)
  }

  #prolongTrials(holder: string, untilMs: number): void {
    for (const [key, claim] of this.#claims) {
      if (claim.holder.startsWith(`${holder}/`)) this.#claims.set(key, { ...claim, untilMs })
    }
  }

  #open(): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed')
  }

  #credential(id: string): Credential {
    this.#open()
    const credential = this.#credentials.get(id)
    if (credential === undefined) throw new StoreError('not_found', `there is no credential ${id}`)
    return credential
  }

  #siblings(provider: string): readonly Credential[] {
    return [...this.#credentials.values()].filter((each) => each.provider === provider)
  }

  #put(credential: Credential): void {
    this.#credentials.set(credential.id, credential)
    this.#changed()
  }

  #forget(id: string): void {
    this.#benches.delete(id)
    for (const [key, claim] of this.#claims) if (claim.credentialId === id) this.#claims.delete(key)
  }

  #changed(): void {
    this.#revision += 1
    this.#snapshot = undefined
  }
}

function claimKey(credentialId: string, scope: string): string {
  return `${credentialId} ${scope}`
}
