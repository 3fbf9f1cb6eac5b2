import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Platform } from '../platform/platform.ts'
import type { CallJournal, JournalBounds } from '../telemetry/call-journal.ts'
import { toJournalError } from './call-journal-errors.ts'
import { SqliteCallJournal } from './call-journal-sqlite.ts'
import { openBeside } from './home-database.ts'
import { calls } from './migrations/calls-0001.ts'
import type { SqlDatabase } from './sqlite-driver.ts'

const MIGRATIONS = [calls]
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
  let database: SqlDatabase | undefined
  try {
    database = await openBeside(path, MIGRATIONS, platform, home.onNotice)
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
