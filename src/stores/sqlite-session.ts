import { StoreError } from '../pool/store-contract.ts'
import type { SqlDatabase, SqlRow, SqlStatement, SqlValue } from './sqlite-driver.ts'
import { toStoreError } from './sqlite-errors.ts'

/** One connection to the database of a home: statements, transactions, and errors in the house's own words. */
export class SqliteSession {
  readonly path: string
  readonly #database: SqlDatabase
  readonly #statements = new Map<string, SqlStatement>()
  #closed = false
  #rollbacks = 0

  constructor(database: SqlDatabase, path: string) {
    this.#database = database
    this.path = path
  }

  /** Moves when another connection commits; our own commits do not move it. */
  dataVersion(): number {
    return Number(this.row('PRAGMA data_version')?.['data_version'])
  }

  /** Counts transactions that failed: whatever was remembered about the data may be ahead of it then. */
  get rollbacks(): number {
    return this.#rollbacks
  }

  get isOpen(): boolean {
    return !this.#closed
  }

  /** @throws StoreError for everything that goes wrong inside, `closed` after `close` */
  guarded<T>(work: () => T): T {
    if (this.#closed) throw new StoreError('closed', 'the store is closed')
    try {
      return work()
    } catch (error) {
      throw toStoreError(error, this.path)
    }
  }

  /** Runs `work` inside one transaction; undone as a whole when it throws. */
  transaction<T>(begin: 'BEGIN' | 'BEGIN IMMEDIATE', work: () => T): T {
    this.#statement(begin).run()
    try {
      const result = work()
      this.#statement('COMMIT').run()
      return result
    } catch (error) {
      this.#rollbacks += 1
      this.#rollBack()
      throw error
    }
  }

  /**
   * A change that must survive a power cut. Everything else is written with `synchronous=NORMAL`, which survives the death of the
   * process (kill -9) but may lose the last moments when the machine dies: advice such as a bench may, a rotated token may not.
   */
  durably<T>(work: () => T): T {
    this.#database.exec('PRAGMA synchronous = FULL')
    try {
      return work()
    } finally {
      this.#database.exec('PRAGMA synchronous = NORMAL')
    }
  }

  /** @returns the number of rows that changed */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.#statement(sql).run(...values).changes)
  }

  row(sql: string, ...values: SqlValue[]): SqlRow | undefined {
    return this.#statement(sql).get(...values)
  }

  rows(sql: string, ...values: SqlValue[]): SqlRow[] {
    return this.#statement(sql).all(...values)
  }

  close(): void {
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

  /** SQLite has already rolled back after some errors (disk full): then there is nothing left to undo. */
  #rollBack(): void {
    try {
      this.#statement('ROLLBACK').run()
    } catch {
      // The first error is the one to report.
    }
  }

  #statement(sql: string): SqlStatement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
