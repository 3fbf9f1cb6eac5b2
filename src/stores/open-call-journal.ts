import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Platform } from '../platform/platform.ts'
import type { CallJournal, JournalBounds } from '../telemetry/call-journal.ts'
import { toJournalError } from './call-journal-errors.ts'
import { SqliteCallJournal } from './call-journal-sqlite.ts'
import { tighten } from './key-file.ts'
import { inspectSchema, migrate } from './migrate.ts'
import { calls } from './migrations/calls-0001.ts'
import { loadSqlite, type SqlDatabase } from './sqlite-driver.ts'
import { useWriteAheadLog } from './write-ahead-log.ts'

const MIGRATIONS = [calls]
/** Opening takes turns with other processes, and so does reading. */
const BUSY_TIMEOUT_MS = 2_000
/** A gateway does not wait to write: that would stop all its calls, and the batch is tried again anyway. */
const WRITING_TIMEOUT_MS = 0

/** A journal is there, or its home was never used by a gateway. */
export function hasCallJournal(homeDirectory: string): boolean {
  return existsSync(pathIn(homeDirectory))
}

/**
 * Opens (and if needed creates) `calls.db` of a home, readable by its owner only.
 * @throws StoreError `damaged`, `newer_schema`, `locked`, `full`, `read_only`: what was stored is unchanged then
 */
export async function openCallJournal(
  home: {
    readonly homeDirectory: string
    readonly onNotice?: (message: string) => void
    readonly bounds?: JournalBounds
    /** Nothing will be written. @default false */
    readonly reading?: boolean
  },
  platform: Platform,
): Promise<CallJournal> {
  const path = pathIn(home.homeDirectory)
  const { DatabaseSync } = await loadSqlite()
  let database: SqlDatabase | undefined
  try {
    mkdirSync(home.homeDirectory, { recursive: true, mode: 0o700 })
    // Created here with its final mode: SQLite gives -wal and -shm the mode of the main file.
    closeSync(openSync(path, 'a', 0o600))
    tighten(path, statSync(path).mode, home.onNotice ?? (() => undefined))
    for (const suffix of ['-wal', '-shm']) tightenIfThere(`${path}${suffix}`)
    database = new DatabaseSync(path)
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    inspectSchema(database, MIGRATIONS, path)
    await useWriteAheadLog(database, platform)
    database.exec('PRAGMA synchronous = NORMAL')
    migrate(database, MIGRATIONS, path)
    if (home.reading !== true) database.exec(`PRAGMA busy_timeout = ${WRITING_TIMEOUT_MS}`)
    return new SqliteCallJournal(database, path, home.bounds)
  } catch (error) {
    database?.close()
    throw toJournalError(error, path)
  }
}

function pathIn(homeDirectory: string): string {
  return join(homeDirectory, 'calls.db')
}

function tightenIfThere(path: string): void {
  if (process.platform !== 'win32' && statSync(path, { throwIfNoEntry: false }) !== undefined) chmodSync(path, 0o600)
}
