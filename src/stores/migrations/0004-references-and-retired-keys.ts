import type { Migration } from './migration.ts'

/**
 * Secrets in files and behind commands; the keys that a home had before, sealed with the one that it has now: a refreshed token that
 * lies beside the database must still open after a rotation.
 */
export const referencesAndRetiredKeys: Migration = {
  version: 4,
  name: 'references and retired keys',
  sql: `
    ALTER TABLE credentials ADD COLUMN source_file TEXT;
    ALTER TABLE credentials ADD COLUMN source_command TEXT;

    CREATE TABLE retired_keys (
      key_id TEXT PRIMARY KEY,
      envelope BLOB NOT NULL,
      retired_at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
}
