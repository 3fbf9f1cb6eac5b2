import type { Migration } from './migration.ts'

/**
 * `history.db`: one row for each answer under a keyed hash of its client and id, what was said apart from it and sealed. `total_bytes` and `depth`
 * count from the conversation's beginning; `twice` marks an id that two answers had.
 */
export const history: Migration = {
  version: 1,
  name: 'history',
  sql: `
    CREATE TABLE answers (
      name TEXT PRIMARY KEY,
      previous TEXT,
      depth INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      total_bytes INTEGER NOT NULL,
      owner_id TEXT,
      key_id TEXT NOT NULL,
      twice INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX answers_by_age ON answers (at_ms, depth DESC);

    CREATE TABLE texts (
      name TEXT PRIMARY KEY REFERENCES answers (name) ON DELETE CASCADE,
      envelope BLOB NOT NULL
    ) STRICT;

    CREATE TABLE totals (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      bytes INTEGER NOT NULL
    ) STRICT;
    INSERT INTO totals (id, bytes) VALUES (1, 0);
    CREATE TRIGGER answer_kept AFTER INSERT ON answers BEGIN UPDATE totals SET bytes = bytes + NEW.bytes; END;
    CREATE TRIGGER answer_gone AFTER DELETE ON answers BEGIN UPDATE totals SET bytes = bytes - OLD.bytes; END;
  `,
}
