import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Platform } from '../platform/platform.ts'
import { type Store, StoreError } from '../pool/store-contract.ts'
import { makePrivate } from './home-database.ts'
import { checkKey, databaseKeyId, sealKeyCheck } from './key-check.ts'
import { givenKey, keyFile, type KeySource } from './key-source.ts'
import { type KeychainModule, keychainKey, loadKeychain } from './keychain.ts'
import { type KeyLookup, liveBox } from './live-box.ts'
import { inspectSchema, migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/migrations.ts'
import { readRetiredKey } from './retired-keys.ts'
import { rotateKey, type Rotated, type Rotation } from './rotate-key.ts'
import type { SecretBox } from './secret-box.ts'
import { SqliteStore } from './sqlite.ts'
import { loadSqlite, type SqlDatabase } from './sqlite-driver.ts'
import { toStoreError } from './sqlite-errors.ts'
import { useWriteAheadLog } from './write-ahead-log.ts'

export interface SqliteHome {
  readonly homeDirectory: string
  readonly key?: string
  /** The key lives in the keychain of the operating system. @default the file `key` */
  readonly keychain?: boolean
  /** @default loads `@napi-rs/keyring` */
  readonly loadKeychainModule?: () => Promise<KeychainModule>
  readonly onNotice?: (message: string) => void
  /** How long a write waits for other processes. @default 5000 */
  readonly busyTimeoutMs?: number
}

const BUSY_TIMEOUT_MS = 5_000

/** Opens the SQLite store of a home; see `openStore`. */
export async function openSqliteStore(home: SqliteHome, platform: Platform): Promise<Store> {
  const { database, box, path } = await openSqliteHome(home, platform)
  return new SqliteStore(database, box, path, platform)
}

/** Gives a home a new key; see `rotateKey`. @param to where the new key will be; @default where the old one is */
export async function rotateHomeKey(
  home: SqliteHome,
  platform: Platform,
  to?: KeyTarget,
  onStep?: Rotation['onStep'],
): Promise<Rotated> {
  const { database, source, path } = await openSqliteHome(home, platform)
  try {
    const target = to === undefined ? source : await targetOf(home, to)
    const { homeDirectory } = home
    const steps = onStep === undefined ? {} : { onStep }
    const rotated = rotateKey(database, { homeDirectory, path, from: source, to: target, ...steps }, platform)
    // Kept conversations go with the key that sealed them. Should that fail now, the next process that keeps some does it.
    const { forgetHistory } = await import('./open-history.ts')
    await forgetHistory(homeDirectory, platform).catch(() => undefined)
    return rotated
  } catch (error) {
    throw toStoreError(error, path)
  } finally {
    database.close()
  }
}

export type KeyTarget =
  | { readonly kind: 'given'; readonly key: string; readonly name: string }
  | { readonly kind: 'file' | 'keychain' }

interface OpenedHome {
  readonly database: SqlDatabase
  readonly box: SecretBox
  readonly source: KeySource
  readonly path: string
}

export async function openSqliteHome(home: SqliteHome, platform: Platform): Promise<OpenedHome> {
  const path = join(home.homeDirectory, 'state.db')
  const { DatabaseSync } = await loadSqlite()
  let database: SqlDatabase | undefined
  try {
    const source = await sourceOf(home, home)
    const key = prepareHome(home, path, source)
    database = new DatabaseSync(path)
    const box = liveBox(key, lookupIn(database, source))
    database.exec(`PRAGMA busy_timeout = ${home.busyTimeoutMs ?? BUSY_TIMEOUT_MS}`)
    const version = inspectSchema(database, MIGRATIONS, path)
    if (version > 0) {
      checkHealth(database, path)
      if (databaseKeyId(database) !== undefined) checkKey(database, box, path)
    }
    await useWriteAheadLog(database, platform)
    database.exec('PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON')
    migrate(database, MIGRATIONS, path)
    if (hasNoKeyCheck(database)) sealKeyCheck(database, box, false)
    checkKey(database, box, path)
    return { database, box, source, path }
  } catch (error) {
    database?.close()
    throw toStoreError(error, path)
  }
}

/** A key that is given wins over the configured place. */
export async function sourceOf(
  { homeDirectory, onNotice = () => undefined, loadKeychainModule = loadKeychain }: SqliteHome,
  { key, keychain }: { readonly key?: string; readonly keychain?: boolean },
): Promise<KeySource> {
  if (key !== undefined) return givenKey(key)
  return keychain === true ? keychainKey(await loadKeychainModule(), homeDirectory) : keyFile(homeDirectory, onNotice)
}

async function targetOf(home: SqliteHome, to: KeyTarget): Promise<KeySource> {
  return to.kind === 'given' ? givenKey(to.key, to.name) : sourceOf(home, { keychain: to.kind === 'keychain' })
}

function lookupIn(database: SqlDatabase, source: KeySource): KeyLookup {
  return {
    sealedWith() {
      try {
        return databaseKeyId(database)
      } catch {
        // A database that cannot be read (or has no tables yet) names no key: what is sealed now goes beside it.
        return undefined
      }
    },
    find: (keyId) => source.find(keyId),
    retired(keyId, box) {
      try {
        return readRetiredKey(database, keyId, box)
      } catch {
        return undefined
      }
    },
  }
}

/** Makes sure of folder, key and database file, none of them readable by others. @returns the key */
function prepareHome(home: SqliteHome, path: string, source: KeySource): Uint8Array {
  mkdirSync(home.homeDirectory, { recursive: true, mode: 0o700 })
  const key = findKey(home, path, source)
  makePrivate(path, home.onNotice)
  return key
}

function findKey(home: SqliteHome, path: string, source: KeySource): Uint8Array {
  const found = source.find()
  if (found !== undefined) return found
  if (!hasContent(path)) return source.create()
  // A process that started at the same moment writes the key first and the database second: look again before complaining.
  const late = source.find()
  if (late !== undefined) return late
  const remedy =
    source.kind === 'keychain'
      ? 'if the key is still a file, "sparekey key rotate --from file" moves it; else restore the entry or set SPAREKEY_KEY'
      : `restore ${join(home.homeDirectory, 'key')} or set SPAREKEY_KEY (a key in the keychain needs "key: keychain" in config.yaml)`
  throw new StoreError(
    'wrong_key',
    `${path} has secrets but ${source.place} is missing: ${remedy}; nothing was changed`,
  )
}

function hasNoKeyCheck(database: SqlDatabase): boolean {
  return database.prepare('SELECT key_check FROM state').get()?.key_check === null
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

function hasContent(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true && found.size > 0
}
