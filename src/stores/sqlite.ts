import type { Bench } from '../pool/bench.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import {
  type NewCredential,
  type PoolSnapshot,
  type Store,
  StoreError,
  type TrialClaim,
} from '../pool/store-contract.ts'
import { admitCredential, renewCredential } from './admit-credential.ts'
import type { SecretBox } from './secret-box.ts'
import type { SqlDatabase, SqlStatement, SqlValue } from './sqlite-driver.ts'
import { toStoreError } from './sqlite-errors.ts'
import {
  BENCH_COLUMNS,
  benchOf,
  benchValues,
  CREDENTIAL_COLUMNS,
  credentialOf,
  credentialValues,
} from './sqlite-rows.ts'

/** One SQLite file shared by every process of a home. Made by `openSqliteStore`. */
export class SqliteStore implements Store {
  readonly #database: SqlDatabase
  readonly #box: SecretBox
  readonly #path: string
  readonly #statements = new Map<string, SqlStatement>()
  #snapshot: PoolSnapshot | undefined
  /** `PRAGMA data_version` moves when another connection commits; our own commits drop the snapshot themselves. */
  #seenDataVersion = -1
  #closed = false

  constructor(database: SqlDatabase, box: SecretBox, path: string) {
    this.#database = database
    this.#box = box
    this.#path = path
  }

  async snapshot(): Promise<PoolSnapshot> {
    return this.#guarded(() => {
      const dataVersion = Number(this.#row('PRAGMA data_version')?.data_version)
      if (this.#snapshot !== undefined && dataVersion === this.#seenDataVersion) {
        return this.#snapshot
      }
      const before = this.#snapshot
      this.#snapshot = this.#transaction('BEGIN', () => {
        const revision = Number(this.#row('SELECT revision FROM state')?.revision)
        // Turns and trial claims commit too, but nothing that a snapshot holds has changed then.
        return before?.revision === revision ? before : this.#load(revision)
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
      this.#run(`INSERT INTO credentials (${CREDENTIAL_COLUMNS}) VALUES (${marks})`, ...credentialValues(credential))
      if (given.secret !== undefined && given.source.kind === 'stored') this.#seal(credential, given.secret)
      return credential
    })
  }

  async removeCredential(id: string): Promise<boolean> {
    return this.#change(() => this.#run('DELETE FROM credentials WHERE id = ?', id) > 0)
  }

  async setPriority(id: string, priority: number): Promise<void> {
    this.#change(() => {
      if (this.#run('UPDATE credentials SET priority = ? WHERE id = ?', priority, id) === 0) throw notFound(id)
    })
  }

  async replaceSecret(id: string, secret: Secret, fingerprint: string): Promise<Credential> {
    return this.#durable(() => {
      const credential = this.#credential(id)
      if (credential === undefined) throw notFound(id)
      const renewed = renewCredential(credential, fingerprint, this.#siblings(credential.provider))
      this.#run(
        'UPDATE credentials SET fingerprint = ?, generation = ? WHERE id = ?',
        fingerprint,
        renewed.generation,
        id,
      )
      if (credential.source.kind === 'stored') this.#seal(renewed, secret)
      return renewed
    })
  }

  async readSecret(id: string): Promise<Secret | undefined> {
    return this.#guarded(() => {
      const row = this.#row('SELECT generation, envelope FROM secrets WHERE credential_id = ?', id)
      if (row === undefined || !(row.envelope instanceof Uint8Array)) return undefined
      const opened = this.#box.open(row.envelope, placeOf(id, Number(row.generation)))
      if (opened.kind === 'opened') return JSON.parse(opened.text) as Secret
      if (opened.kind === 'wrong_key') {
        throw new StoreError('wrong_key', `the secret of ${id} was sealed with another key: add the credential again`)
      }
      throw new StoreError('damaged', `the secret of ${id} in ${this.#path} was altered: add the credential again`)
    })
  }

  async changeBench(
    credentialId: string,
    scope: string,
    change: (credential: Credential, bench: Bench | undefined) => Bench | null | undefined,
  ): Promise<{ readonly bench: Bench | undefined; readonly changed: boolean }> {
    return this.#guarded(() =>
      this.#transaction('BEGIN IMMEDIATE', () => {
        const credential = this.#credential(credentialId)
        if (credential === undefined) return { bench: undefined, changed: false }
        const row = this.#row(
          `SELECT ${BENCH_COLUMNS} FROM benches WHERE credential_id = ? AND scope = ?`,
          credentialId,
          scope,
        )
        const standing = row === undefined ? undefined : benchOf(row)
        const next = change(credential, standing)
        if (next === undefined || (next === null && standing === undefined)) return { bench: standing, changed: false }
        this.#touch()
        if (next === null) {
          this.#run('DELETE FROM benches WHERE credential_id = ? AND scope = ?', credentialId, scope)
          return { bench: undefined, changed: true }
        }
        const bench = { ...next, credentialId, scope }
        this.#run(
          `INSERT OR REPLACE INTO benches (${BENCH_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          ...benchValues(bench),
        )
        return { bench, changed: true }
      }),
    )
  }

  async resetCredential(id: string, stampMs: number): Promise<void> {
    this.#change(() => {
      const updated = this.#run(
        'UPDATE credentials SET reset_stamp_ms = max(?, reset_stamp_ms + 1) WHERE id = ?',
        Math.round(stampMs),
        id,
      )
      if (updated === 0) throw notFound(id)
      this.#run('DELETE FROM benches WHERE credential_id = ?', id)
      this.#run('DELETE FROM trial_claims WHERE credential_id = ?', id)
    })
  }

  async claimTrial(claim: TrialClaim, nowMs: number): Promise<boolean> {
    return this.#guarded(() =>
      this.#transaction(
        'BEGIN IMMEDIATE',
        () =>
          this.#run(
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
    this.#guarded(() =>
      this.#run(
        'DELETE FROM trial_claims WHERE credential_id = ? AND scope = ? AND holder = ?',
        credentialId,
        scope,
        holder,
      ),
    )
  }

  async addUses(
    uses: ReadonlyArray<{ readonly credentialId: string; readonly count: number; readonly lastUsedAtMs: number }>,
  ): Promise<void> {
    if (uses.length === 0) return
    this.#change(() => {
      for (const { credentialId, count, lastUsedAtMs } of uses) {
        this.#run(
          'UPDATE credentials SET use_count = use_count + ?, last_used_at_ms = max(last_used_at_ms, ?) WHERE id = ?',
          count,
          Math.round(lastUsedAtMs),
          credentialId,
        )
      }
    })
  }

  async nextTurn(provider: string): Promise<number> {
    return this.#guarded(() => {
      const row = this.#row(
        'INSERT INTO turns (provider, turn) VALUES (?, 1) ON CONFLICT (provider) DO UPDATE SET turn = turn + 1 RETURNING turn',
        provider,
      )
      return Number(row?.turn) - 1
    })
  }

  async peekTurn(provider: string): Promise<number> {
    return this.#guarded(() => Number(this.#row('SELECT turn FROM turns WHERE provider = ?', provider)?.turn ?? 0))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#statements.clear()
    try {
      // The driver for Node 20 closes for real only when its statements are collected: tidy up here, without waiting for anybody.
      this.#database.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)')
    } catch {
      // Others still read or write: the last one to close tidies up.
    }
    this.#database.close()
  }

  /** One write transaction that changes what snapshots show. */
  #change<T>(work: () => T): T {
    return this.#guarded(() =>
      this.#transaction('BEGIN IMMEDIATE', () => {
        const result = work()
        this.#touch()
        return result
      }),
    )
  }

  /**
   * A change that must survive a power cut. Everything else is written with `synchronous=NORMAL`, which survives the death of the
   * process (kill -9) but may lose the last moments when the machine dies: advice such as a bench may, a rotated token may not.
   */
  #durable<T>(work: () => T): T {
    return this.#guarded(() => {
      this.#database.exec('PRAGMA synchronous = FULL')
      try {
        return this.#change(work)
      } finally {
        this.#database.exec('PRAGMA synchronous = NORMAL')
      }
    })
  }

  #transaction<T>(begin: 'BEGIN' | 'BEGIN IMMEDIATE', work: () => T): T {
    this.#statement(begin).run()
    try {
      const result = work()
      this.#statement('COMMIT').run()
      return result
    } catch (error) {
      this.#snapshot = undefined
      this.#rollBack()
      throw error
    }
  }

  /** SQLite has already rolled back after some errors (disk full): then there is nothing left to undo. */
  #rollBack(): void {
    try {
      this.#statement('ROLLBACK').run()
    } catch {
      // The first error is the one to report.
    }
  }

  #touch(): void {
    this.#snapshot = undefined
    this.#run('UPDATE state SET revision = revision + 1')
  }

  #load(revision: number): PoolSnapshot {
    return {
      revision,
      credentials: this.#rows(`SELECT ${CREDENTIAL_COLUMNS} FROM credentials`).map(credentialOf),
      benches: this.#rows(`SELECT ${BENCH_COLUMNS} FROM benches`).map(benchOf),
    }
  }

  #credential(id: string): Credential | undefined {
    const row = this.#row(`SELECT ${CREDENTIAL_COLUMNS} FROM credentials WHERE id = ?`, id)
    return row === undefined ? undefined : credentialOf(row)
  }

  #siblings(provider: string): readonly Credential[] {
    return this.#rows(`SELECT ${CREDENTIAL_COLUMNS} FROM credentials WHERE provider = ?`, provider).map(credentialOf)
  }

  #seal(credential: Credential, secret: Secret): void {
    const envelope = this.#box.seal(JSON.stringify(secret), placeOf(credential.id, credential.generation))
    this.#run(
      'INSERT OR REPLACE INTO secrets (credential_id, generation, envelope) VALUES (?, ?, ?)',
      credential.id,
      credential.generation,
      envelope,
    )
  }

  #run(sql: string, ...values: SqlValue[]): number {
    return Number(this.#statement(sql).run(...values).changes)
  }

  #row(sql: string, ...values: SqlValue[]) {
    return this.#statement(sql).get(...values)
  }

  #rows(sql: string, ...values: SqlValue[]) {
    return this.#statement(sql).all(...values)
  }

  #statement(sql: string): SqlStatement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #guarded<T>(work: () => T): T {
    if (this.#closed) throw new StoreError('closed', 'the store is closed')
    try {
      return work()
    } catch (error) {
      throw toStoreError(error, this.#path)
    }
  }
}

/** Where a secret belongs: authenticated with it. */
function placeOf(credentialId: string, generation: number): string {
  return `secret\n${credentialId}\n${generation}`
}

function notFound(id: string): StoreError {
  return new StoreError('not_found', `there is no credential ${id}`)
}
