import type { Bench } from './bench.ts'
import type { Credential, CredentialType, Secret, SecretSource } from './credential.ts'
import type { CredentialQuota, QuotaReading } from './quota.ts'

export interface NewCredential {
  readonly id: string
  readonly provider: string
  readonly label: string
  readonly type: CredentialType
  readonly source: SecretSource
  readonly priority?: number
  readonly baseUrl?: string
  readonly accountId?: string
  readonly quotaGroup?: string
  readonly fingerprint: string
  /** Absent for references (`env`). */
  readonly secret?: Secret
}

/** Everything selection needs, read in one go. Immutable: a change makes a new snapshot. */
export interface PoolSnapshot {
  /** Grows with every committed change of any process. Equal revisions = equal snapshots. */
  readonly revision: number
  readonly credentials: readonly Credential[]
  readonly benches: readonly Bench[]
}

/** The right to make the one trial of a benched credential; ends by itself at `untilMs` if its holder dies. */
export interface TrialClaim {
  readonly credentialId: string
  readonly scope: string
  readonly holder: string
  readonly untilMs: number
}

/** Calls lent and when last, for `least_used` and for people. */
export interface Uses {
  readonly count: number
  /** Epoch ms; 0 = never. */
  readonly lastUsedAtMs: number
}

/** What changes with every call and no verdict depends on. Immutable: a change makes a new one. */
export interface Readings {
  /** Grows with every committed change of any process. */
  readonly revision: number
  readonly uses: ReadonlyMap<string, Uses>
  readonly quotas: ReadonlyMap<string, CredentialQuota>
}

/** Counters and quota windows: kept apart from benches, so that writing them makes nobody read the pool again. */
export interface ReadingStore {
  /** Cheap: answers from memory while no other process has committed. */
  current(): Promise<Readings>
  /** Adds to counters; batched by the pool, so that a healthy call never waits for a disk. */
  addUses(uses: ReadonlyArray<Uses & { readonly credentialId: string }>): Promise<void>
  /** Merges readings into what is known, window by window; those of unknown credentials are left out. */
  addQuotas(readings: readonly QuotaReading[]): Promise<void>
}

/** Who uses a credential right now, over all processes. Places of a dead process are free again at their `untilMs`. */
export interface PlaceStore {
  /** Takes a place if fewer than `limit` are taken. @returns false when full */
  take(
    place: { readonly credentialId: string; readonly holder: string; readonly untilMs: number; readonly limit: number },
    nowMs: number,
  ): Promise<boolean>
  giveBack(credentialId: string, holder: string): Promise<void>
  /** Places in use by others than `holder`, by credential. */
  takenByOthers(holder: string, nowMs: number): Promise<ReadonlyMap<string, number>>
  /** Says that a process lives: its places and the trials whose holder begins with its name last until `untilMs`. */
  keepAlive(holder: string, untilMs: number): Promise<void>
}

/** Which credential serves a session, so that any process of the home keeps it there. */
export interface SessionStore {
  find(provider: string, session: string): Promise<{ readonly credentialId: string; readonly atMs: number } | undefined>
  /** Writes a batch and forgets the oldest beyond a bound. Sessions of unknown credentials are left out. */
  put(
    sessions: ReadonlyArray<{
      readonly provider: string
      readonly session: string
      readonly credentialId: string
      readonly atMs: number
    }>,
  ): Promise<void>
}

/**
 * What a pool needs from a store. Every method is one transaction; every store passes `test/contracts/store.contract.ts`.
 * Methods throw `StoreError` (locked, full, damaged, wrong key) and then changed nothing.
 */
export interface Store {
  readonly readings: ReadingStore
  readonly places: PlaceStore
  readonly sessions: SessionStore
  /** Cheap: answers from memory while no other process has committed. Never waits for a write. */
  snapshot(): Promise<PoolSnapshot>
  /** @throws StoreError `duplicate_label`, `duplicate_credential` (same fingerprint or account in this provider) */
  addCredential(credential: NewCredential, nowMs: number): Promise<Credential>
  /** Removes it with its benches and secret. @returns false when there is none */
  removeCredential(id: string): Promise<boolean>
  setPriority(id: string, priority: number): Promise<void>
  /**
   * Replaces the secret and counts up the generation: benches of older generations no longer hold.
   * For references (`env`) only fingerprint and generation change; the secret itself is never stored.
   * @throws StoreError `not_found`, `duplicate_credential`
   */
  replaceSecret(id: string, secret: Secret, fingerprint: string): Promise<Credential>
  /** @returns undefined for references and unknown ids. @throws StoreError `wrong_key`, `damaged` */
  readSecret(id: string): Promise<Secret | undefined>
  /**
   * Reads credential and bench of one (credential, scope), asks `change`, and writes its answer, all in one transaction.
   * `change` must be pure and quick: `undefined` leaves the bench as it is, `null` removes it.
   * @returns the bench that stands afterwards, and whether this call changed it
   */
  changeBench(
    credentialId: string,
    scope: string,
    change: (credential: Credential, bench: Bench | undefined) => Bench | null | undefined,
  ): Promise<{ readonly bench: Bench | undefined; readonly changed: boolean }>
  /** Removes all benches of a credential and writes the stamp that beats verdicts still in flight. */
  resetCredential(id: string, stampMs: number): Promise<void>
  /** Claims the single trial of a benched credential across processes. @returns false while somebody else holds it */
  claimTrial(claim: TrialClaim, nowMs: number): Promise<boolean>
  endTrial(credentialId: string, scope: string, holder: string): Promise<void>
  /** Moves and returns the round-robin cursor of a provider, so that processes take turns together. */
  nextTurn(provider: string): Promise<number>
  /** The turn that `nextTurn` would return, without moving it: for listing who is next. */
  peekTurn(provider: string): Promise<number>
  close(): Promise<void>
}

export type StoreErrorCode =
  | 'duplicate_label'
  | 'duplicate_credential'
  | 'not_found'
  | 'locked'
  | 'full'
  | 'read_only'
  | 'damaged'
  | 'wrong_key'
  | 'keychain'
  | 'newer_schema'
  | 'closed'

/** A store could not do what it was asked; nothing was changed. The message says what to do next. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
