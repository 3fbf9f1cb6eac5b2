import { StoreError } from '../pool/store-contract.ts'
import type { Migration } from './migrations/migration.ts'
import type { SqlDatabase } from './sqlite-driver.ts'

/** "SPKY": tells our file from another program's. */
const APPLICATION_ID = 0x53504b59

/**
 * Looks at a database before anything is written to it.
 * @returns its schema version; 0 = empty
 * @throws StoreError `newer_schema`, `damaged` (another program's file)
 */
export function inspectSchema(database: SqlDatabase, migrations: readonly Migration[], path: string): number {
  const version = numberOf(database, 'user_version')
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n ?? 0)
  if (tables > 0 && numberOf(database, 'application_id') !== APPLICATION_ID) {
    throw new StoreError(
      'damaged',
      `${path} belongs to another program. It was left as it is: set SPAREKEY_HOME to another folder`,
    )
  }
  const latest = migrations.at(-1)?.version ?? 0
  if (version > latest) {
    throw new StoreError(
      'newer_schema',
      `${path} was written by a newer sparekey (schema ${version}, this one knows ${latest}): update sparekey; nothing was changed`,
    )
  }
  return version
}

/** Brings the schema up to date in one transaction. Safe when several processes start at once: the second finds nothing to do. */
export function migrate(database: SqlDatabase, migrations: readonly Migration[], path: string): void {
  if (inspectSchema(database, migrations, path) === migrations.at(-1)?.version) return
  database.exec('BEGIN EXCLUSIVE')
  try {
    // Looked at again under the lock: another process may have been first.
    const version = inspectSchema(database, migrations, path)
    for (const migration of migrations) if (migration.version > version) database.exec(migration.sql)
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    database.exec(`PRAGMA user_version = ${migrations.at(-1)?.version ?? 0}`)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

function numberOf(database: SqlDatabase, pragma: 'user_version' | 'application_id'): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma] ?? 0)
}
