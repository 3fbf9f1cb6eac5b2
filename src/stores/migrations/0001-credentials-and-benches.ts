import type { Migration } from './migration.ts'

export const credentialsAndBenches: Migration = {
  version: 1,
  name: 'credentials and benches',
  sql: `
    CREATE TABLE state (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      revision INTEGER NOT NULL,
      key_check BLOB
    ) STRICT;
    INSERT INTO state (id, revision, key_check) VALUES (1, 1, NULL);

    CREATE TABLE credentials (
      id TEXT PRIMARY KEY,
      provider TEXT NOT NULL,
      label TEXT NOT NULL,
      type TEXT NOT NULL,
      source_variable TEXT,
      priority INTEGER NOT NULL,
      base_url TEXT,
      account_id TEXT,
      quota_group TEXT,
      fingerprint TEXT NOT NULL,
      generation INTEGER NOT NULL,
      reset_stamp_ms INTEGER NOT NULL,
      use_count INTEGER NOT NULL,
      last_used_at_ms INTEGER NOT NULL,
      created_at_ms INTEGER NOT NULL,
      UNIQUE (provider, label),
      UNIQUE (provider, fingerprint),
      UNIQUE (provider, account_id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE secrets (
      credential_id TEXT PRIMARY KEY REFERENCES credentials (id) ON DELETE CASCADE,
      generation INTEGER NOT NULL,
      envelope BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE benches (
      credential_id TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
      scope TEXT NOT NULL,
      reason TEXT NOT NULL,
      since_ms INTEGER NOT NULL,
      until_ms INTEGER NOT NULL,
      trial_at_ms INTEGER NOT NULL,
      dead INTEGER NOT NULL,
      token_generation INTEGER NOT NULL,
      strikes INTEGER NOT NULL,
      failed_trials INTEGER NOT NULL,
      evidence TEXT NOT NULL,
      PRIMARY KEY (credential_id, scope)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE trial_claims (
      credential_id TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
      scope TEXT NOT NULL,
      holder TEXT NOT NULL,
      until_ms INTEGER NOT NULL,
      PRIMARY KEY (credential_id, scope)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE turns (
      provider TEXT PRIMARY KEY,
      turn INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
}
