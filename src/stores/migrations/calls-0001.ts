import type { Migration } from './migration.ts'

/**
 * `calls.db`: one row for each call, its story as JSON. A rewritten row gets a new `seq`, so that whoever follows the journal reads on
 * from the last one seen.
 */
export const calls: Migration = {
  version: 1,
  name: 'calls',
  sql: `
    CREATE TABLE calls (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      started_at_ms INTEGER NOT NULL,
      outcome TEXT NOT NULL,
      story TEXT NOT NULL
    ) STRICT;
    CREATE INDEX calls_by_start ON calls (started_at_ms);
  `,
}
