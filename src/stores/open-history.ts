import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Platform } from '../platform/platform.ts'
import { type HistoryStore, StoreError } from '../pool/store-contract.ts'
import { openBeside } from './home-database.ts'
import { history } from './migrations/history-0001.ts'
import type { SecretBox } from './secret-box.ts'
import type { SqlDatabase } from './sqlite-driver.ts'
import { toStoreError } from './sqlite-errors.ts'
import { SqliteHistory, toHistoryError } from './sqlite-history.ts'
import { SqliteSession } from './sqlite-session.ts'

const MIGRATIONS = [history]
/** A gateway does not wait to write: that would stop all its calls, and whoever writes tries again. */
const WRITING_TIMEOUT_MS = 0

/**
 * Opens (and if needed creates) `history.db` of a home, readable by its owner only.
 * @param box seals with the key of the home
 * @throws StoreError `damaged`, `newer_schema`, `locked`, `full`, `read_only`, `wrong_key`: what was stored is unchanged then
 */
export async function openHistory(homeDirectory: string, box: SecretBox, platform: Platform): Promise<HistoryStore> {
  const path = pathIn(homeDirectory)
  const database = await openDatabase(path, platform)
  try {
    const opened = new SqliteHistory(new SqliteSession(database, path), box)
    database.exec(`PRAGMA busy_timeout = ${WRITING_TIMEOUT_MS}`)
    dropUnlessLocked(opened)
    return opened
  } catch (error) {
    database.close()
    throw error
  }
}

/** Removes whatever conversations a home keeps. @throws StoreError when they cannot be removed */
export async function forgetHistory(homeDirectory: string, platform: Platform): Promise<void> {
  const path = pathIn(homeDirectory)
  if (!existsSync(path)) return
  const database = await openDatabase(path, platform)
  const session = new SqliteSession(database, path)
  try {
    session.guarded(() => {
      if (session.row('SELECT 1 AS one FROM answers LIMIT 1') === undefined) return
      database.exec('DELETE FROM answers')
      // What was removed must not stay behind in pages that are free now.
      database.exec('VACUUM')
    })
  } catch (error) {
    throw toHistoryError(error, path)
  } finally {
    session.close()
  }
}

/** While another process writes, the next that opens the file does it: nobody can find these anyway. */
function dropUnlessLocked(opened: SqliteHistory): void {
  try {
    opened.dropUnfindable()
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'locked') throw error
  }
}

async function openDatabase(path: string, platform: Platform): Promise<SqlDatabase> {
  try {
    const database = await openBeside(path, MIGRATIONS, platform)
    // An answer's text goes with it.
    database.exec('PRAGMA foreign_keys = ON')
    return database
  } catch (error) {
    throw toHistoryError(toStoreError(error, path), path)
  }
}

function pathIn(homeDirectory: string): string {
  return join(homeDirectory, 'history.db')
}
