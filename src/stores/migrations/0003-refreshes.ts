import type { Migration } from './migration.ts'

/** One row per login whose refresh runs, rests, or began and never ended. A committed refresh has none. */
export const refreshes: Migration = {
  version: 3,
  name: 'refreshes',
  sql: `
    CREATE TABLE refreshes (
      credential_id TEXT PRIMARY KEY REFERENCES credentials (id) ON DELETE CASCADE,
      generation INTEGER NOT NULL,
      holder TEXT NOT NULL,
      until_ms INTEGER NOT NULL,
      fingerprint TEXT,
      begun_at_ms INTEGER NOT NULL,
      rest_until_ms INTEGER NOT NULL,
      failures INTEGER NOT NULL,
      reason TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
}
