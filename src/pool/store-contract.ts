import { SparekeyError } from '../failure/sparekey-error.ts'
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

/** What a refresh of a login finds. Read in one go: secret and generation belong together. */
export interface RefreshLook {
  readonly generation: number
  readonly secret: Secret
}

/** A refresh that began and of which nobody knows how it ended: its process died, or its answer was lost. */
export interface UnfinishedRefresh {
  /** Of the refresh token that was sent. */
  readonly fingerprint: string
  readonly atMs: number
}

/** A claim as its row tells it. */
export interface HeldRefresh {
  readonly holder: string
  readonly untilMs: number
}

export type RefreshClaim =
  /** Only the holder may send the refresh token now, and it is written down durably that it does. */
  | { readonly kind: 'claimed'; readonly unfinished?: UnfinishedRefresh; readonly failures: number }
  | { readonly kind: 'held'; readonly untilMs: number }
  /** The token endpoint had trouble: left alone until then. */
  | { readonly kind: 'resting'; readonly untilMs: number; readonly reason: string }
  /** The generation has moved on: look again. */
  | { readonly kind: 'moved' }

/** A new pair of tokens that belongs in the place of generation `generation`. */
export interface RenewedSecret {
  readonly credentialId: string
  /** The generation that it replaces. */
  readonly generation: number
  readonly secret: Secret
  /** Of the new token. */
  readonly fingerprint: string
}

/** One refresh at a time per login, over all processes and machines that share a store (invariant I3). */
export interface RefreshStore {
  /** @returns undefined for unknown credentials and references */
  look(credentialId: string): Promise<RefreshLook | undefined>
  /**
   * Claims the refresh of one generation by compare-and-set and journals, durably and in the same transaction, that the token with this
   * fingerprint is about to be sent: a crash between answer and commit is recognised afterwards.
   * @param claim.force also while resting
   * @param claim.mayTakeOver asked inside the transaction whether a claim that somebody else holds is free; must be pure and quick.
   * @default the time it was claimed for is over
   */
  begin(
    claim: {
      readonly credentialId: string
      readonly generation: number
      readonly holder: string
      readonly untilMs: number
      readonly fingerprint: string
      readonly force?: boolean
      readonly mayTakeOver?: (held: HeldRefresh) => boolean
    },
    nowMs: number,
  ): Promise<RefreshClaim>
  /**
   * Stores the new pair and counts up the generation, durably (it survives a power cut). Ends the claim. Benches that are not about
   * authentication go along: a refreshed token is the same account with the same quota.
   * @returns undefined when the generation has moved on or the credential is gone: nothing was changed then
   */
  commit(renewed: RenewedSecret): Promise<Credential | undefined>
  /** Ends a claim without new tokens. `unfinished`: nobody knows whether the server has rotated the token; the journal keeps it. */
  end(ended: {
    readonly credentialId: string
    readonly generation: number
    readonly holder: string
    readonly unfinished: boolean
    /** Epoch ms until which the token endpoint is left alone; 0 = it may be asked again at once. */
    readonly restUntilMs: number
    readonly failures: number
    readonly reason: string
  }): Promise<void>
  /**
   * Keeps a pair that is not committed, sealed, outside the database.
   * @param manner `quick`: outlives the death of this process, but not a power cut @default durable
   * @throws StoreError
   */
  setAside(renewed: RenewedSecret, manner?: 'quick' | 'durable'): Promise<void>
  /** Pairs that were set aside. @param onUnreadable told about each one that cannot be opened; it stays where it is */
  asides(onUnreadable: (message: string) => void): Promise<readonly RenewedSecret[]>
  /** Removes a pair that was set aside. */
  dropAside(renewed: Pick<RenewedSecret, 'credentialId' | 'generation'>): Promise<void>
}

/** What one request and its answer added to a conversation that its client goes on from by the answer's id. */
export interface KeptAnswer {
  /** Who asked: nobody else is ever given it. */
  readonly client: string
  /** The answer's id. */
  readonly id: string
  /** Id of the answer that the request went on from. @default it began a conversation */
  readonly previous?: string | undefined
  /** The credential that made it, in the words in which it is kept. @default it was translated */
  readonly ownerId?: string | undefined
  /** What was said; nothing that the store looks into. */
  readonly text: string
}

/** How much of conversations is kept, and how long. */
export interface HistoryBounds {
  /** From the last answer of a conversation on, ms. */
  readonly keepMs: number
  /** Of one conversation, from its beginning to an answer. */
  readonly maxBytes: number
  /** Of all of them; those that were used least lately go first. */
  readonly maxTotalBytes: number
}

/**
 * Conversations whose clients send only what is new. What is found is found whole: an answer is not kept where the one before it is missing,
 * and never outlives it. Every store passes `test/contracts/history.contract.ts`.
 */
export interface HistoryStore {
  /**
   * Keeps an answer, and its conversation for longer.
   * @returns false when it is not kept: what it goes on from is not here, the conversation is over its bound, or two answers have this id
   */
  put(answer: KeptAnswer, bounds: HistoryBounds, nowMs: number): Promise<boolean>
  /** Who made an answer that is kept. @returns undefined when it is not kept for this client */
  look(
    client: string,
    id: string,
    bounds: HistoryBounds,
    nowMs: number,
  ): Promise<{ readonly ownerId: string | undefined } | undefined>
  /** A conversation from its beginning up to an answer. @returns undefined when it is not there as a whole, or cannot be read */
  conversation(
    client: string,
    id: string,
    bounds: HistoryBounds,
    nowMs: number,
  ): Promise<ReadonlyArray<Pick<KeptAnswer, 'ownerId' | 'text'>> | undefined>
  /** Removes what is too old or too much. */
  prune(bounds: HistoryBounds, nowMs: number): Promise<void>
  close(): Promise<void>
}

/**
 * What a pool needs from a store. Every method is one transaction; every store passes `test/contracts/store.contract.ts`.
 * Methods throw `StoreError` (locked, full, damaged, wrong key) and then changed nothing.
 */
export interface Store {
  readonly readings: ReadingStore
  readonly places: PlaceStore
  readonly sessions: SessionStore
  readonly refreshes: RefreshStore
  /**
   * Cheap: answers from memory while no other process has committed. Never waits for a write.
   * @param mayBeOldMs what other processes committed may be missing for this long; what this one did never is. @default 0
   */
  snapshot(mayBeOldMs?: number): Promise<PoolSnapshot>
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
  /**
   * @param generation a secret of just this generation may be answered from memory. @default read again, whatever it is now
   * @returns undefined for references and unknown ids. @throws StoreError `wrong_key`, `damaged`
   */
  readSecret(id: string, generation?: number): Promise<Secret | undefined>
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
  /** Opens, and if needed makes, the place of kept conversations. Whoever opens it closes it. */
  openHistory(): Promise<HistoryStore>
  /** Removes whatever conversations are kept. Makes nothing where none ever were. */
  forgetHistory(): Promise<void>
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
export class StoreError extends SparekeyError {
  override readonly name = 'StoreError'
  declare readonly code: StoreErrorCode
  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super({ code, message, cause: options?.cause })
  }
}
