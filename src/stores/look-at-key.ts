import { join } from 'node:path'
import { databaseKeyId } from './key-check.ts'
import { sourceOf, type SqliteHome } from './open-sqlite.ts'
import { keyIdOf } from './secret-box.ts'
import { loadSqlite, type SqlDatabase } from './sqlite-driver.ts'
import { toStoreError } from './sqlite-errors.ts'

/** What can be said about the key of a home without opening a secret. */
export interface KeyLook {
  readonly kind: 'given' | 'file' | 'keychain'
  readonly place: string
  readonly keyId: string | undefined
  readonly databaseKeyId: string | undefined
  /** The key opens the database, or the database has none yet. */
  readonly fits: boolean
  readonly secrets: number
  readonly retired: number
}

/** @throws StoreError when key or database cannot be read; nothing is created or changed */
export async function lookAtKey(home: SqliteHome): Promise<KeyLook> {
  const path = join(home.homeDirectory, 'state.db')
  const source = await sourceOf(home, home)
  const { DatabaseSync } = await loadSqlite()
  let database: SqlDatabase | undefined
  try {
    const open = new DatabaseSync(path)
    database = open
    const count = (table: string) => Number(open.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? 0)
    const named = databaseKeyId(open)
    const key = (named === undefined ? undefined : source.find(named)) ?? source.find()
    const keyId = key === undefined ? undefined : keyIdOf(key)
    const hasRetired = count("sqlite_schema WHERE name = 'retired_keys'") > 0
    return {
      kind: source.kind,
      place: source.place,
      keyId,
      databaseKeyId: named,
      fits: named === undefined || named === keyId,
      secrets: count('secrets'),
      retired: hasRetired ? count('retired_keys') : 0,
    }
  } catch (error) {
    throw toStoreError(error, path)
  } finally {
    database?.close()
  }
}
