import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Platform } from '../platform/platform.ts'
import { type Store, StoreError } from '../pool/store-contract.ts'
import { createKeyFile, parseKey, readKeyFile, tighten } from './key-file.ts'
import { inspectSchema, migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/migrations.ts'
import { type SecretBox, secretBox } from './secret-box.ts'
import { SqliteStore } from './sqlite.ts'
import { loadSqlite, type SqlDatabase } from './sqlite-driver.ts'
import { isLocked, toStoreError } from './sqlite-errors.ts'

export interface SqliteHome {
  readonly homeDirectory: string
  readonly key?: string
  readonly onNotice?: (message: string) => void
  /** How long a write waits for other processes. @default 5000 */
  readonly busyTimeoutMs?: number
}

const BUSY_TIMEOUT_MS = 5_000
const WAL_TRIES = 100
const WAL_PAUSE_MS = 50
const KEY_CHECK = 'sparekey key check'

/** Opens the SQLite store of a home; see `openStore`. */
export async function openSqliteStore(home: SqliteHome, platform: Platform): Promise<Store> {
  const path = join(home.homeDirectory, 'state.db')
  const { DatabaseSync } = await loadSqlite()
  let database: SqlDatabase | undefined
  try {
    const box = secretBox(prepareHome(home, path))
    database = new DatabaseSync(path)
    database.exec(`PRAGMA busy_timeout = ${home.busyTimeoutMs ?? BUSY_TIMEOUT_MS}`)
    const version = inspectSchema(database, MIGRATIONS, path)
    if (version > 0) {
      checkHealth(database, path)
      checkKey(database, box, path)
    }
    await useWriteAheadLog(database, platform)
    database.exec('PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON')
    migrate(database, MIGRATIONS, path)
    checkKey(database, box, path)
    return new SqliteStore(database, box, path)
  } catch (error) {
    database?.close()
    throw toStoreError(error, path)
  }
}

/** Makes sure of folder, key and database file, none of them readable by others. @returns the key */
function prepareHome(home: SqliteHome, path: string): Uint8Array {
  const notice = home.onNotice ?? (() => undefined)
  mkdirSync(home.homeDirectory, { recursive: true, mode: 0o700 })
  const key = findKey(home, path, notice)
  // Created here with its final mode: SQLite gives -wal and -shm the mode of the main file.
  closeSync(openSync(path, 'a', 0o600))
  tighten(path, statSync(path).mode, notice)
  for (const suffix of ['-wal', '-shm']) tightenIfThere(`${path}${suffix}`)
  return key
}

function findKey(home: SqliteHome, path: string, notice: (message: string) => void): Uint8Array {
  if (home.key !== undefined) {
    const given = parseKey(home.key)
    if (given === undefined)
      throw new StoreError('wrong_key', 'the given key (SPAREKEY_KEY) must be 32 bytes as 64 hex digits or base64')
    return given
  }
  const found = readKeyFile(home.homeDirectory, notice)
  if (found !== undefined) return found
  if (!hasContent(path)) return createKeyFile(home.homeDirectory, notice)
  // A process that started at the same moment writes the key first and the database second: look again before complaining.
  const late = readKeyFile(home.homeDirectory, notice)
  if (late !== undefined) return late
  throw new StoreError(
    'wrong_key',
    `${path} has secrets but its key is missing: restore ${join(home.homeDirectory, 'key')} or set SPAREKEY_KEY; nothing was changed`,
  )
}

/** The value was sealed when the database was made: a wrong key is an error now, not a 401 from a provider later. */
function checkKey(database: SqlDatabase, box: SecretBox, path: string): void {
  const read = () => database.prepare('SELECT key_check FROM state').get()?.key_check
  if (read() === null) {
    database.prepare('UPDATE state SET key_check = ? WHERE key_check IS NULL').run(box.seal(KEY_CHECK, KEY_CHECK))
  }
  const sealed = read()
  const opened = sealed instanceof Uint8Array ? box.open(sealed, KEY_CHECK) : undefined
  if (opened?.kind === 'opened') return
  if (opened?.kind === 'wrong_key') {
    throw new StoreError(
      'wrong_key',
      `${path} was sealed with another key: restore its key file or set the right SPAREKEY_KEY; nothing was changed`,
    )
  }
  throw new StoreError('damaged', `${path} has no readable key check. It was left as it is: restore a backup`)
}

function checkHealth(database: SqlDatabase, path: string): void {
  const said = database.prepare('PRAGMA quick_check(1)').get()
  const verdict = said === undefined ? 'no answer' : String(Object.values(said)[0])
  if (verdict !== 'ok') {
    throw new StoreError(
      'damaged',
      `${path} is damaged (${verdict}). It was left as it is: restore a backup; "sparekey doctor" says more`,
    )
  }
}

/** Switching to WAL needs the file alone and does not wait by itself: processes that start at once take turns here. */
async function useWriteAheadLog(database: SqlDatabase, platform: Platform): Promise<void> {
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

function hasContent(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true && found.size > 0
}

function tightenIfThere(path: string): void {
  if (process.platform !== 'win32' && statSync(path, { throwIfNoEntry: false }) !== undefined) chmodSync(path, 0o600)
}
