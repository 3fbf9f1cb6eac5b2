import type { PlaceStore } from '../pool/store-contract.ts'
import type { SqliteSession } from './sqlite-session.ts'

/** Calls in flight by credential and process. */
export class SqlitePlaces implements PlaceStore {
  readonly #session: SqliteSession

  constructor(session: SqliteSession) {
    this.#session = session
  }

  async take(
    place: { readonly credentialId: string; readonly holder: string; readonly untilMs: number; readonly limit: number },
    nowMs: number,
  ): Promise<boolean> {
    const { credentialId, holder, limit } = place
    const untilMs = Math.round(place.untilMs)
    const session = this.#session
    return session.guarded(() =>
      session.transaction('BEGIN IMMEDIATE', () => {
        // A process that died left its places behind: they are free when its time is up.
        session.run(
          'DELETE FROM places WHERE credential_id = ? AND until_ms <= ? AND holder <> ?',
          credentialId,
          Math.round(nowMs),
          holder,
        )
        const row = session.row('SELECT sum(taken) AS taken FROM places WHERE credential_id = ?', credentialId)
        if (Number(row?.['taken'] ?? 0) >= limit) return false
        return (
          session.run(
            `INSERT INTO places (credential_id, holder, taken, until_ms)
             SELECT ?, ?, 1, ? WHERE EXISTS (SELECT 1 FROM credentials WHERE id = ?)
             ON CONFLICT (credential_id, holder) DO UPDATE SET taken = taken + 1, until_ms = max(until_ms, excluded.until_ms)`,
            credentialId,
            holder,
            untilMs,
            credentialId,
          ) > 0
        )
      }),
    )
  }

  async giveBack(credentialId: string, holder: string): Promise<void> {
    const session = this.#session
    session.guarded(() =>
      session.transaction('BEGIN IMMEDIATE', () => {
        session.run('UPDATE places SET taken = taken - 1 WHERE credential_id = ? AND holder = ?', credentialId, holder)
        session.run('DELETE FROM places WHERE credential_id = ? AND holder = ? AND taken <= 0', credentialId, holder)
      }),
    )
  }

  async takenByOthers(holder: string, nowMs: number): Promise<ReadonlyMap<string, number>> {
    const session = this.#session
    return session.guarded(() => {
      const rows = session.rows(
        'SELECT credential_id, sum(taken) AS taken FROM places WHERE holder <> ? AND until_ms > ? GROUP BY credential_id',
        holder,
        Math.round(nowMs),
      )
      return new Map(rows.map((row) => [String(row['credential_id']), Number(row['taken'])]))
    })
  }

  async keepAlive(holder: string, untilMs: number): Promise<void> {
    const session = this.#session
    session.guarded(() =>
      session.transaction('BEGIN IMMEDIATE', () => {
        session.run('UPDATE places SET until_ms = ? WHERE holder = ?', Math.round(untilMs), holder)
        session.run(
          'UPDATE trial_claims SET until_ms = ? WHERE substr(holder, 1, length(?) + 1) = ?',
          Math.round(untilMs),
          holder,
          `${holder}/`,
        )
      }),
    )
  }
}
