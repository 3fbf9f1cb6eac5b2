import type { Platform } from '../platform/platform.ts'
import { StoreError } from '../pool/store-contract.ts'
import type { SqlDatabase } from './sqlite-driver.ts'
import { isLocked } from './sqlite-errors.ts'

const WAL_TRIES = 100
const WAL_PAUSE_MS = 50

/** Switching to WAL needs the file alone and does not wait by itself: processes that start at once take turns here. */
export async function useWriteAheadLog(database: SqlDatabase, platform: Platform): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode
      if (mode === 'wal') return
      throw new StoreError(
        'read_only',
        `this folder cannot hold a shared database (journal mode ${String(mode)}): use a local disk`,
      )
    } catch (error) {
      if (!isLocked(error) || tries >= WAL_TRIES) throw error
      await platform.timers.sleep(WAL_PAUSE_MS)
    }
  }
}
