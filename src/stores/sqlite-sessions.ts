import type { SessionStore } from '../pool/store-contract.ts'
import type { SqliteSession } from './sqlite-session.ts'

/** More sessions than this are forgotten, the oldest first: a client that invents a session for every call must not fill the disk. */
const MOST_SESSIONS = 20_000

/** Which credential serves a session. */
export class SqliteSessions implements SessionStore {
  readonly #session: SqliteSession

  constructor(session: SqliteSession) {
    this.#session = session
  }

  async find(
    provider: string,
    session: string,
  ): Promise<{ readonly credentialId: string; readonly atMs: number } | undefined> {
    return this.#session.guarded(() => {
      const row = this.#session.row(
        'SELECT credential_id, at_ms FROM sessions WHERE provider = ? AND session = ?',
        provider,
        session,
      )
      return row === undefined ? undefined : { credentialId: String(row['credential_id']), atMs: Number(row['at_ms']) }
    })
  }

  async put(
    sessions: ReadonlyArray<{
      readonly provider: string
      readonly session: string
      readonly credentialId: string
      readonly atMs: number
    }>,
  ): Promise<void> {
    if (sessions.length === 0) return
    const store = this.#session
    store.guarded(() =>
      store.transaction('BEGIN IMMEDIATE', () => {
        for (const { provider, session, credentialId, atMs } of sessions) {
          store.run(
            `INSERT INTO sessions (provider, session, credential_id, at_ms)
             SELECT ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM credentials WHERE id = ?)
             ON CONFLICT (provider, session) DO UPDATE SET credential_id = excluded.credential_id, at_ms = excluded.at_ms
             WHERE excluded.at_ms >= sessions.at_ms`,
            provider,
            session,
            credentialId,
            Math.round(atMs),
            credentialId,
          )
        }
        const count = Number(store.row('SELECT count(*) AS n FROM sessions')?.['n'])
        if (count > MOST_SESSIONS) {
          store.run(
            'DELETE FROM sessions WHERE (provider, session) IN (SELECT provider, session FROM sessions ORDER BY at_ms LIMIT ?)',
            count - MOST_SESSIONS,
          )
        }
      }),
    )
  }
}
