import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Bench } from '../pool/bench.ts'
import type { Clock } from '../platform/clock.ts'
import type { Platform } from '../platform/platform.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import {
  type HistoryStore,
  type NewCredential,
  type PoolSnapshot,
  type Store,
  StoreError,
  type TrialClaim,
} from '../pool/store-contract.ts'
import { admitCredential, renewCredential } from './admit-credential.ts'
import { AsideFiles } from './aside-files.ts'
import type { SecretBox } from './secret-box.ts'
import { placeOf } from './secret-place.ts'
import { OpenedSecrets } from './opened-secrets.ts'
import type { SqlDatabase } from './sqlite-driver.ts'
import { SqlitePlaces } from './sqlite-places.ts'
import { SqliteRefreshes } from './sqlite-refreshes.ts'
import { SqliteReadings } from './sqlite-readings.ts'
import {
  BENCH_COLUMNS,
  benchOf,
  benchValues,
  CREDENTIAL_COLUMNS,
  credentialOf,
  credentialValues,
} from './sqlite-rows.ts'
import { SqliteSession } from './sqlite-session.ts'
import { SqliteSessions } from './sqlite-sessions.ts'

/** One SQLite file shared by every process of a home. Made by `openSqliteStore`. */
export class SqliteStore implements Store {
  readonly readings: SqliteReadings
  readonly places: SqlitePlaces
  readonly sessions: SqliteSessions
  readonly refreshes: SqliteRefreshes
  readonly #session: SqliteSession
  readonly #box: SecretBox
  #snapshot: PoolSnapshot | undefined
  #credentialsRevision = -1
  #seenDataVersion = -1
  #seenRollbacks = 0
  /** Monotonic ms at which other connections were last looked at. */
  #lookedAtMs = Number.NEGATIVE_INFINITY
  readonly #platform: Platform
  readonly #clock: Clock
  readonly #opened = new OpenedSecrets()

  constructor(database: SqlDatabase, box: SecretBox, path: string, platform: Platform) {
    this.#session = new SqliteSession(database, path)
    this.#platform = platform
    this.#clock = platform.clock
    this.#box = box
    this.readings = new SqliteReadings(this.#session)
    this.places = new SqlitePlaces(this.#session)
    this.sessions = new SqliteSessions(this.#session)
    this.refreshes = new SqliteRefreshes(
      this.#session,
      {
        credential: (id) => this.#credential(id),
        openSecret: (id) => this.#openSecret(id),
        change: (work) => this.#durable(work),
        renew: (credential, { secret, fingerprint }) => this.#renew(credential, secret, fingerprint),
      },
      new AsideFiles(dirname(path), box),
    )
  }

  async snapshot(mayBeOldMs = 0): Promise<PoolSnapshot> {
    const session = this.#session
    const nowMs = this.#clock.monotonic()
    const known = this.#snapshot
    if (
      known !== undefined &&
      session.rollbacks === this.#seenRollbacks &&
      nowMs - this.#lookedAtMs < mayBeOldMs &&
      session.isOpen
    )
      return known
    return session.guarded(() => {
      if (session.rollbacks !== this.#seenRollbacks) {
        this.#seenRollbacks = session.rollbacks
        this.#snapshot = undefined
      }
      const dataVersion = session.dataVersion()
      this.#lookedAtMs = nowMs
      if (this.#snapshot !== undefined && dataVersion === this.#seenDataVersion) return this.#snapshot
      const before = this.#snapshot
      this.#snapshot = session.transaction('BEGIN', () => {
        const state = session.row('SELECT revision, credentials_revision FROM state')
        const revision = Number(state?.['revision'])
        // Turns, claims and counters commit too, but nothing that a snapshot holds has changed then.
        return before?.revision === revision
          ? before
          : this.#load(revision, Number(state?.['credentials_revision']), before)
      })
      this.#seenDataVersion = dataVersion
      return this.#snapshot
    })
  }

  async addCredential(given: NewCredential, nowMs: number): Promise<Credential> {
    return this.#durable(() => {
      const credential = admitCredential(given, this.#siblings(given.provider), nowMs)
      const marks = credentialValues(credential)
        .map(() => '?')
        .join(', ')
      this.#session.run(
        `INSERT INTO credentials (${CREDENTIAL_COLUMNS}) VALUES (${marks})`,
        ...credentialValues(credential),
      )
      if (given.secret !== undefined && given.source.kind === 'stored') this.#seal(credential, given.secret)
      return credential
    })
  }

  async removeCredential(id: string): Promise<boolean> {
    return this.#change(() => this.#session.run('DELETE FROM credentials WHERE id = ?', id) > 0)
  }

  async setPriority(id: string, priority: number): Promise<void> {
    this.#change(() => {
      if (this.#session.run('UPDATE credentials SET priority = ? WHERE id = ?', priority, id) === 0) throw notFound(id)
    })
  }

  async replaceSecret(id: string, secret: Secret, fingerprint: string): Promise<Credential> {
    return this.#durable(() => {
      const credential = this.#credential(id)
      if (credential === undefined) throw notFound(id)
      return this.#renew(credential, secret, fingerprint)
    })
  }

  async readSecret(id: string, generation?: number): Promise<Secret | undefined> {
    const known = generation === undefined ? undefined : this.#opened.find(this.#snapshot?.credentials, id, generation)
    return known !== undefined && this.#session.isOpen ? known : this.#session.guarded(() => this.#openSecret(id))
  }

  async changeBench(
    credentialId: string,
    scope: string,
    change: (credential: Credential, bench: Bench | undefined) => Bench | null | undefined,
  ): Promise<{ readonly bench: Bench | undefined; readonly changed: boolean }> {
    const session = this.#session
    return session.guarded(() => {
      const written = session.transaction('BEGIN IMMEDIATE', () => this.#writeBench(credentialId, scope, change))
      // Only what is committed may be remembered.
      if (written.revision !== undefined) this.#remember(written.revision, credentialId, scope, written.bench)
      return { bench: written.bench, changed: written.revision !== undefined }
    })
  }

  /** @returns the revision that the change made, undefined when nothing changed */
  #writeBench(
    credentialId: string,
    scope: string,
    change: (credential: Credential, bench: Bench | undefined) => Bench | null | undefined,
  ): { readonly bench: Bench | undefined; readonly revision: number | undefined } {
    const session = this.#session
    const credential = this.#credential(credentialId)
    if (credential === undefined) return { bench: undefined, revision: undefined }
    const row = session.row(
      `SELECT ${BENCH_COLUMNS} FROM benches WHERE credential_id = ? AND scope = ?`,
      credentialId,
      scope,
    )
    const standing = row === undefined ? undefined : benchOf(row)
    const next = change(credential, standing)
    if (next === undefined || (next === null && standing === undefined)) return { bench: standing, revision: undefined }
    const bench = next === null ? undefined : { ...next, credentialId, scope }
    if (bench === undefined) {
      session.run('DELETE FROM benches WHERE credential_id = ? AND scope = ?', credentialId, scope)
    } else {
      session.run(
        `INSERT OR REPLACE INTO benches (${BENCH_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...benchValues(bench),
      )
    }
    const state = session.row('UPDATE state SET revision = revision + 1 RETURNING revision')
    return { bench, revision: Number(state?.['revision']) }
  }

  async resetCredential(id: string, stampMs: number): Promise<void> {
    this.#change(() => {
      const updated = this.#session.run(
        'UPDATE credentials SET reset_stamp_ms = max(?, reset_stamp_ms + 1) WHERE id = ?',
        Math.round(stampMs),
        id,
      )
      if (updated === 0) throw notFound(id)
      this.#session.run('DELETE FROM benches WHERE credential_id = ?', id)
      this.#session.run('DELETE FROM trial_claims WHERE credential_id = ?', id)
    })
  }

  async claimTrial(claim: TrialClaim, nowMs: number): Promise<boolean> {
    return this.#session.guarded(() =>
      this.#session.transaction(
        'BEGIN IMMEDIATE',
        () =>
          this.#session.run(
            `INSERT INTO trial_claims (credential_id, scope, holder, until_ms)
             SELECT ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM credentials WHERE id = ?)
             ON CONFLICT (credential_id, scope) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
             WHERE until_ms <= ? OR holder = excluded.holder`,
            claim.credentialId,
            claim.scope,
            claim.holder,
            Math.round(claim.untilMs),
            claim.credentialId,
            Math.round(nowMs),
          ) > 0,
      ),
    )
  }

  async endTrial(credentialId: string, scope: string, holder: string): Promise<void> {
    this.#session.guarded(() =>
      this.#session.run(
        'DELETE FROM trial_claims WHERE credential_id = ? AND scope = ? AND holder = ?',
        credentialId,
        scope,
        holder,
      ),
    )
  }

  async nextTurn(provider: string): Promise<number> {
    return this.#session.guarded(() => {
      const row = this.#session.row(
        'INSERT INTO turns (provider, turn) VALUES (?, 1) ON CONFLICT (provider) DO UPDATE SET turn = turn + 1 RETURNING turn',
        provider,
      )
      return Number(row?.turn) - 1
    })
  }

  async peekTurn(provider: string): Promise<number> {
    return this.#session.guarded(() =>
      Number(this.#session.row('SELECT turn FROM turns WHERE provider = ?', provider)?.turn ?? 0),
    )
  }

  async openHistory(): Promise<HistoryStore> {
    // Loaded only when it is used: most homes keep no conversations.
    const { openHistory } = await import('./open-history.ts')
    return openHistory(dirname(this.#session.path), this.#box, this.#platform)
  }

  async forgetHistory(): Promise<void> {
    const homeDirectory = dirname(this.#session.path)
    if (!existsSync(join(homeDirectory, 'history.db'))) return
    const { forgetHistory } = await import('./open-history.ts')
    await forgetHistory(homeDirectory, this.#platform)
  }

  async close(): Promise<void> {
    this.#session.close()
  }

  /** One write transaction that changes credentials. */
  #change<T>(work: () => T): T {
    const session = this.#session
    return session.guarded(() =>
      session.transaction('BEGIN IMMEDIATE', () => {
        const result = work()
        this.#snapshot = undefined
        session.run('UPDATE state SET revision = revision + 1, credentials_revision = credentials_revision + 1')
        return result
      }),
    )
  }

  #durable<T>(work: () => T): T {
    return this.#session.guarded(() => this.#session.durably(() => this.#change(work)))
  }

  /** Credentials change seldom and benches often: thousands of accounts are not read again for one verdict. */
  #load(revision: number, credentialsRevision: number, before: PoolSnapshot | undefined): PoolSnapshot {
    const same = before !== undefined && credentialsRevision === this.#credentialsRevision
    this.#credentialsRevision = credentialsRevision
    return {
      revision,
      credentials: same
        ? before.credentials
        : this.#session.rows(`SELECT ${CREDENTIAL_COLUMNS} FROM credentials`).map(credentialOf),
      benches: this.#session.rows(`SELECT ${BENCH_COLUMNS} FROM benches`).map(benchOf),
    }
  }

  /** Our own verdict goes into the remembered snapshot, if that was up to date when the verdict was written. */
  #remember(revision: number, credentialId: string, scope: string, bench: Bench | undefined): void {
    const before = this.#snapshot
    if (before === undefined || before.revision !== revision - 1) {
      this.#snapshot = undefined
      return
    }
    const others = before.benches.filter((each) => each.credentialId !== credentialId || each.scope !== scope)
    const benches = bench === undefined ? others : [...others, bench]
    this.#snapshot = { revision, credentials: before.credentials, benches }
  }

  #openSecret(id: string): Secret | undefined {
    const row = this.#session.row('SELECT generation, envelope FROM secrets WHERE credential_id = ?', id)
    if (row === undefined || !(row.envelope instanceof Uint8Array)) return undefined
    const opened = this.#box.open(row.envelope, placeOf(id, Number(row.generation)))
    if (opened.kind === 'opened') {
      const secret = JSON.parse(opened.text) as Secret
      this.#opened.remember(this.#snapshot?.credentials, id, Number(row.generation), secret)
      return secret
    }
    if (opened.kind === 'wrong_key') {
      throw new StoreError('wrong_key', `the secret of ${id} was sealed with another key: add the credential again`)
    }
    throw new StoreError(
      'damaged',
      `the secret of ${id} in ${this.#session.path} was altered: add the credential again`,
    )
  }

  #renew(credential: Credential, secret: Secret, fingerprint: string): Credential {
    const renewed = renewCredential(credential, fingerprint, this.#siblings(credential.provider))
    this.#session.run(
      'UPDATE credentials SET fingerprint = ?, generation = ? WHERE id = ?',
      fingerprint,
      renewed.generation,
      credential.id,
    )
    if (credential.source.kind === 'stored') this.#seal(renewed, secret)
    return renewed
  }

  #credential(id: string): Credential | undefined {
    const row = this.#session.row(`SELECT ${CREDENTIAL_COLUMNS} FROM credentials WHERE id = ?`, id)
    return row === undefined ? undefined : credentialOf(row)
  }

  #siblings(provider: string): readonly Credential[] {
    return this.#session
      .rows(`SELECT ${CREDENTIAL_COLUMNS} FROM credentials WHERE provider = ?`, provider)
      .map(credentialOf)
  }

  #seal(credential: Credential, secret: Secret): void {
    const envelope = this.#box.seal(JSON.stringify(secret), placeOf(credential.id, credential.generation))
    this.#session.run(
      'INSERT OR REPLACE INTO secrets (credential_id, generation, envelope) VALUES (?, ?, ?)',
      credential.id,
      credential.generation,
      envelope,
    )
  }
}

function notFound(id: string): StoreError {
  return new StoreError('not_found', `there is no credential ${id}`)
}
