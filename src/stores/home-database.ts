import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Platform } from '../platform/platform.ts'
import { tighten } from './key-file.ts'
import { inspectSchema, migrate } from './migrate.ts'
import type { Migration } from './migrations/migration.ts'
import { loadSqlite, type SqlDatabase } from './sqlite-driver.ts'
import { useWriteAheadLog } from './write-ahead-log.ts'

/** Opening takes turns with other processes. */
const BUSY_TIMEOUT_MS = 2_000

/** Makes sure that a database's file is there, and that its owner alone can read it and what belongs to it. @param onNotice told when others could read it */
export function makePrivate(path: string, onNotice: (message: string) => void = () => undefined): void {
  // Created here with its final mode: SQLite gives -wal and -shm the mode of the main file.
  closeSync(openSync(path, 'a', 0o600))
  tighten(path, statSync(path).mode, onNotice)
  for (const suffix of ['-wal', '-shm']) tightenIfThere(`${path}${suffix}`)
}

/**
 * Opens (and if needed creates) a database beside `state.db`: what is written there must never make a verdict wait.
 * Waits up to two seconds for other processes; whoever writes while calls run sets that anew.
 * @throws what SQLite or the file system throws
 */
export async function openBeside(
  path: string,
  migrations: readonly Migration[],
  platform: Platform,
  onNotice?: (message: string) => void,
): Promise<SqlDatabase> {
  const { DatabaseSync } = await loadSqlite()
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  makePrivate(path, onNotice)
  const database: SqlDatabase = new DatabaseSync(path)
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    inspectSchema(database, migrations, path)
    await useWriteAheadLog(database, platform)
    database.exec('PRAGMA synchronous = NORMAL')
    migrate(database, migrations, path)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function tightenIfThere(path: string): void {
  if (process.platform !== 'win32' && statSync(path, { throwIfNoEntry: false }) !== undefined) chmodSync(path, 0o600)
}
