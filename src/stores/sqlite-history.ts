import { type HistoryBounds, type HistoryStore, type KeptAnswer, StoreError } from '../pool/store-contract.ts'
import { DEEPEST, ROW_BYTES, slotOf } from './history-slots.ts'
import { type SecretBox, sealedWith } from './secret-box.ts'
import type { SqlRow } from './sqlite-driver.ts'
import type { SqliteSession } from './sqlite-session.ts'

/** Removed at a time when there is too much. */
const BATCH = 50

/** `history.db` of a home, apart from `state.db`: long conversations must never make a verdict wait. Made by `openHistory`. */
export class SqliteHistory implements HistoryStore {
  readonly #session: SqliteSession
  readonly #box: SecretBox

  constructor(session: SqliteSession, box: SecretBox) {
    this.#session = session
    this.#box = box
  }

  async put(answer: KeptAnswer, bounds: HistoryBounds, nowMs: number): Promise<boolean> {
    return this.#guarded(() => {
      const name = this.#nameOf(answer.client, answer.id)
      const previous = answer.previous === undefined ? null : this.#nameOf(answer.client, answer.previous)
      const owner = answer.ownerId ?? null
      const envelope = this.#box.seal(answer.text, placeOf(name, previous, owner))
      return this.#session.transaction('BEGIN IMMEDIATE', () => {
        if (this.#session.run('UPDATE answers SET twice = 1 WHERE name = ?', name) > 0) return false
        const parent = previous === null ? undefined : this.#find(previous, bounds, nowMs)
        if (previous !== null && parent === undefined) return false
        const bytes = ROW_BYTES + envelope.length
        const totalBytes = bytes + Number(parent?.total_bytes ?? 0)
        const depth = 1 + Number(parent?.depth ?? 0)
        if (totalBytes > bounds.maxBytes || depth > DEEPEST) return false
        const atMs = slotOf(nowMs, bounds)
        this.#session.run(
          'INSERT INTO answers (name, previous, depth, at_ms, bytes, total_bytes, owner_id, key_id, twice) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)',
          name,
          previous,
          depth,
          atMs,
          bytes,
          totalBytes,
          owner,
          sealedWith(envelope) ?? '',
        )
        this.#session.run('INSERT INTO texts (name, envelope) VALUES (?, ?)', name, envelope)
        if (previous !== null) this.#touch(previous, atMs)
        this.#prune(bounds, nowMs)
        return true
      })
    })
  }

  async look(client: string, id: string, bounds: HistoryBounds, nowMs: number) {
    return this.#guarded(() => {
      const row = this.#find(this.#nameOf(client, id), bounds, nowMs)
      return row === undefined ? undefined : { ownerId: ownerOf(row) }
    })
  }

  async conversation(client: string, id: string, bounds: HistoryBounds, nowMs: number) {
    return this.#guarded(() => {
      const answers: Array<Pick<KeptAnswer, 'ownerId' | 'text'>> = []
      let name: string | null = this.#nameOf(client, id)
      while (name !== null) {
        const row: SqlRow | undefined = this.#find(name, bounds, nowMs)
        const text = row === undefined ? undefined : this.#textOf(name, row)
        if (row === undefined || text === undefined) return undefined
        answers.push({ ownerId: ownerOf(row), text })
        name = row.previous === null ? null : String(row.previous)
      }
      return answers.reverse()
    })
  }

  async prune(bounds: HistoryBounds, nowMs: number): Promise<void> {
    this.#guarded(() => this.#session.transaction('BEGIN IMMEDIATE', () => this.#prune(bounds, nowMs)))
  }

  /** What was sealed with an earlier key has names that nobody can find any more. */
  dropUnfindable(): void {
    this.#guarded(() => {
      const keyId = sealedWith(this.#box.seal('', 'history'))
      this.#session.run('DELETE FROM answers WHERE key_id <> ?', keyId ?? '')
    })
  }

  async close(): Promise<void> {
    this.#session.close()
  }

  #find(name: string, { keepMs }: HistoryBounds, nowMs: number): SqlRow | undefined {
    return this.#session.row(
      'SELECT previous, depth, total_bytes, owner_id FROM answers WHERE name = ? AND twice = 0 AND at_ms >= ?',
      name,
      Math.round(nowMs - keepMs),
    )
  }

  #textOf(name: string, row: SqlRow): string | undefined {
    const envelope = this.#session.row('SELECT envelope FROM texts WHERE name = ?', name)?.envelope
    if (!(envelope instanceof Uint8Array)) return undefined
    const previous = row.previous === null ? null : String(row.previous)
    const opened = this.#box.open(envelope, placeOf(name, previous, ownerOf(row) ?? null))
    return opened.kind === 'opened' ? opened.text : undefined
  }

  /** What an answer goes on from stays as long as it does; where one has the time already, so have all before it. */
  #touch(from: string, atMs: number): void {
    this.#session.run(
      `WITH RECURSIVE earlier (name, previous) AS (
         SELECT name, previous FROM answers WHERE name = ? AND at_ms < ?
         UNION ALL
         SELECT answers.name, answers.previous FROM answers JOIN earlier ON answers.name = earlier.previous WHERE answers.at_ms < ?
       )
       UPDATE answers SET at_ms = ? WHERE name IN (SELECT name FROM earlier)`,
      from,
      atMs,
      atMs,
      atMs,
    )
  }

  #prune({ keepMs, maxTotalBytes }: HistoryBounds, nowMs: number): void {
    const session = this.#session
    session.run('DELETE FROM answers WHERE at_ms < ?', Math.round(nowMs - keepMs))
    let bytes = Number(session.row('SELECT bytes FROM totals')?.bytes)
    while (bytes > maxTotalBytes) {
      // The last answers of a conversation before those that they go on from.
      const oldest = session.rows('SELECT name, bytes FROM answers ORDER BY at_ms, depth DESC LIMIT ?', BATCH)
      if (oldest.length === 0) return
      for (const row of oldest) {
        if (bytes <= maxTotalBytes) return
        session.run('DELETE FROM answers WHERE name = ?', String(row.name))
        bytes -= Number(row.bytes)
      }
    }
  }

  /** Client and id are hashed together: whoever reads the database learns neither, and no client can name another's answer. */
  #nameOf(client: string, id: string): string {
    return this.#box.nameOf(JSON.stringify(['history', client, id]))
  }

  #guarded<T>(work: () => T): T {
    try {
      return this.#session.guarded(work)
    } catch (error) {
      throw toHistoryError(error, this.#session.path)
    }
  }
}

/** As the store's errors, with advice that fits conversations: nothing in `history.db` is needed to serve calls. */
export function toHistoryError(error: unknown, path: string): unknown {
  if (!(error instanceof StoreError) || error.code !== 'damaged') return error
  const message = `${path} cannot be read; it was left as it is. Move it away: a new one is made, and no credential is in it`
  return new StoreError('damaged', message, { cause: error })
}

function ownerOf(row: SqlRow): string | undefined {
  return row.owner_id === null || row.owner_id === undefined ? undefined : String(row.owner_id)
}

/** Authenticated with the text: an answer copied to another conversation, or given another owner, does not open. */
function placeOf(name: string, previous: string | null, owner: string | null): string {
  return JSON.stringify(['history', name, previous, owner])
}
