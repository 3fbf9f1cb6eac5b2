import type { Migration } from './migration.ts'

/** Counters leave the credentials' rows: adding to them must not make every process read the whole pool again. */
export const readingsPlacesSessions: Migration = {
  version: 2,
  name: 'readings, places and sessions',
  sql: `
    ALTER TABLE state ADD COLUMN readings_revision INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE state ADD COLUMN credentials_revision INTEGER NOT NULL DEFAULT 1;

    CREATE TABLE uses (
      credential_id TEXT PRIMARY KEY REFERENCES credentials (id) ON DELETE CASCADE,
      count INTEGER NOT NULL,
      last_used_at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO uses SELECT id, use_count, last_used_at_ms FROM credentials;
    ALTER TABLE credentials DROP COLUMN use_count;
    ALTER TABLE credentials DROP COLUMN last_used_at_ms;

    CREATE TABLE quotas (
      credential_id TEXT PRIMARY KEY REFERENCES credentials (id) ON DELETE CASCADE,
      quota TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE places (
      credential_id TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
      holder TEXT NOT NULL,
      taken INTEGER NOT NULL,
      until_ms INTEGER NOT NULL,
      PRIMARY KEY (credential_id, holder)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE sessions (
      provider TEXT NOT NULL,
      session TEXT NOT NULL,
      credential_id TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
      at_ms INTEGER NOT NULL,
      PRIMARY KEY (provider, session)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_by_age ON sessions (at_ms);
  `,
}
