import { parseKey } from './key-file.ts'
import { keyIdOf, type SecretBox } from './secret-box.ts'
import type { SqlDatabase } from './sqlite-driver.ts'

/** More rotations than anybody makes while a refreshed token waits beside the database. */
const KEPT = 4

/** @returns an earlier key of this home; undefined when it is not known */
export function readRetiredKey(database: SqlDatabase, keyId: string, box: SecretBox): Uint8Array | undefined {
  const envelope = database.prepare('SELECT envelope FROM retired_keys WHERE key_id = ?').get(keyId)?.envelope
  const opened = envelope instanceof Uint8Array ? box.open(envelope, placeOf(keyId)) : undefined
  return opened?.kind === 'opened' ? parseKey(opened.text) : undefined
}

/** Seals the key that goes, and those that went before it, with the one that comes. Inside the rotation's transaction. */
export function retireKey(
  database: SqlDatabase,
  old: { readonly key: Uint8Array; readonly box: SecretBox },
  next: SecretBox,
  nowMs: number,
): void {
  const keep = (keyId: string, key: Uint8Array, atMs: number) =>
    database
      .prepare('INSERT OR REPLACE INTO retired_keys (key_id, envelope, retired_at_ms) VALUES (?, ?, ?)')
      .run(keyId, next.seal(Buffer.from(key).toString('base64'), placeOf(keyId)), Math.round(atMs))
  for (const row of database.prepare('SELECT key_id, retired_at_ms FROM retired_keys').all()) {
    const keyId = String(row.key_id)
    const key = readRetiredKey(database, keyId, old.box)
    if (key !== undefined) keep(keyId, key, Number(row.retired_at_ms))
  }
  keep(keyIdOf(old.key), old.key, nowMs)
  database
    .prepare(
      'DELETE FROM retired_keys WHERE key_id NOT IN (SELECT key_id FROM retired_keys ORDER BY retired_at_ms DESC, key_id LIMIT ?)',
    )
    .run(KEPT)
}

function placeOf(keyId: string): string {
  return `retired key\n${keyId}`
}
