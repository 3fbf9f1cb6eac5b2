import { type CallJournal, type CallQuery, JOURNAL_BOUNDS, type JournalBounds } from '../telemetry/call-journal.ts'
import type { CallRecord } from '../telemetry/call-record.ts'
import type { SqlDatabase, SqlRow, SqlStatement, SqlValue } from './sqlite-driver.ts'
import { toJournalError } from './call-journal-errors.ts'

/** The oldest are removed once for this many calls written: counting them for every batch would cost more than writing. */
const PRUNE_EVERY = 2_000

/** `calls.db` of a home, apart from `state.db`: stories must never make a verdict wait for a lock. Made by `openSqliteCallJournal`. */
export class SqliteCallJournal implements CallJournal {
  readonly #database: SqlDatabase
  readonly #path: string
  readonly #bounds: JournalBounds
  readonly #statements = new Map<string, SqlStatement>()
  #writtenSincePruned = PRUNE_EVERY
  #closed = false

  constructor(database: SqlDatabase, path: string, bounds: JournalBounds = JOURNAL_BOUNDS) {
    this.#database = database
    this.#path = path
    this.#bounds = bounds
  }

  write(records: readonly CallRecord[], nowMs: number, patienceMs = 0): void {
    this.#guarded(() => {
      if (patienceMs > 0) this.#database.exec(`PRAGMA busy_timeout = ${Math.round(patienceMs)}`)
      this.#statement('BEGIN IMMEDIATE').run()
      try {
        for (const record of records) this.#put(record)
        this.#writtenSincePruned += records.length
        if (this.#writtenSincePruned >= Math.min(PRUNE_EVERY, this.#bounds.calls)) this.#prune(nowMs)
        this.#statement('COMMIT').run()
      } catch (error) {
        this.#rollBack()
        throw error
      }
    })
  }

  latest({ limit, failedOnly }: CallQuery): readonly CallRecord[] {
    const where = failedOnly === true ? "WHERE outcome = 'failed'" : ''
    return this.#guarded(() =>
      this.#rows(`SELECT story FROM calls ${where} ORDER BY started_at_ms DESC, seq DESC LIMIT ?`, limit),
    ).map(recordOf)
  }

  startingWith(prefix: string, limit: number): readonly CallRecord[] {
    // A range and not LIKE: the index serves it, and no sign of the prefix means anything else.
    const range = `(id >= ? AND id < ?)`
    return this.#guarded(() =>
      this.#rows(
        `SELECT story FROM calls WHERE ${range} OR ${range} ORDER BY started_at_ms DESC, seq DESC LIMIT ?`,
        prefix,
        `${prefix}\u{10ffff}`,
        `call_${prefix}`,
        `call_${prefix}\u{10ffff}`,
        limit,
      ),
    ).map(recordOf)
  }

  end(): number {
    return this.#guarded(() => Number(this.#rows('SELECT coalesce(max(seq), 0) AS seq FROM calls')[0]?.seq))
  }

  endedSince(place: number, { limit, failedOnly }: CallQuery) {
    const which = failedOnly === true ? "outcome = 'failed'" : "outcome <> 'running'"
    return this.#guarded(() => {
      // Taken first: what is written between the two reads is found by the next one.
      const end = this.end()
      const rows = this.#rows(
        `SELECT seq, story FROM calls WHERE seq > ? AND seq <= ? AND ${which} ORDER BY seq LIMIT ?`,
        place,
        end,
        limit,
      )
      const read = rows.length < limit ? Math.max(place, end) : Number(rows.at(-1)?.seq)
      return { calls: rows.map(recordOf), place: read }
    })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#statements.clear()
    try {
      // See `SqliteStore.close`: the driver for Node 20 closes late.
      this.#database.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)')
    } catch {
      // Others still read or write: the last one to close tidies up.
    }
    this.#database.close()
  }

  #put(record: CallRecord): void {
    this.#statement('INSERT OR REPLACE INTO calls (id, started_at_ms, outcome, story) VALUES (?, ?, ?, ?)').run(
      record.id,
      Math.round(record.startedAtMs),
      record.outcome,
      JSON.stringify(record),
    )
  }

  #prune(nowMs: number): void {
    const { calls, ageMs } = this.#bounds
    this.#statement('DELETE FROM calls WHERE started_at_ms < ?').run(Math.round(nowMs - ageMs))
    this.#statement('DELETE FROM calls WHERE seq <= (SELECT seq FROM calls ORDER BY seq DESC LIMIT 1 OFFSET ?)').run(
      calls,
    )
    this.#writtenSincePruned = 0
  }

  /** SQLite has already rolled back after some errors (disk full). */
  #rollBack(): void {
    try {
      this.#statement('ROLLBACK').run()
    } catch {
      // The first error is the one to report.
    }
  }

  #rows(sql: string, ...values: SqlValue[]): readonly SqlRow[] {
    return this.#statement(sql).all(...values)
  }

  #statement(sql: string): SqlStatement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw toJournalError(error, this.#path)
    }
  }
}

function recordOf(row: SqlRow): CallRecord {
  return JSON.parse(String(row.story)) as CallRecord
}
