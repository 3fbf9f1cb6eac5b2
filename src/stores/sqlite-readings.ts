import { type CredentialQuota, mergeQuota, type QuotaReading } from '../pool/quota.ts'
import type { Readings, ReadingStore, Uses } from '../pool/store-contract.ts'
import type { SqliteSession } from './sqlite-session.ts'

/** Counters and quota windows, with a revision of their own. */
export class SqliteReadings implements ReadingStore {
  readonly #session: SqliteSession
  #readings: Readings | undefined
  #seenDataVersion = -1

  constructor(session: SqliteSession) {
    this.#session = session
  }

  async current(): Promise<Readings> {
    const session = this.#session
    return session.guarded(() => {
      const dataVersion = session.dataVersion()
      if (this.#readings !== undefined && dataVersion === this.#seenDataVersion) return this.#readings
      const before = this.#readings
      this.#readings = session.transaction('BEGIN', () => {
        const revision = Number(session.row('SELECT readings_revision FROM state')?.['readings_revision'])
        return before?.revision === revision ? before : this.#load(revision)
      })
      this.#seenDataVersion = dataVersion
      return this.#readings
    })
  }

  async addUses(uses: ReadonlyArray<Uses & { readonly credentialId: string }>): Promise<void> {
    if (uses.length === 0) return
    this.#change(() => {
      for (const { credentialId, count, lastUsedAtMs } of uses) {
        this.#session.run(
          `INSERT INTO uses (credential_id, count, last_used_at_ms)
           SELECT ?, ?, ? WHERE EXISTS (SELECT 1 FROM credentials WHERE id = ?)
           ON CONFLICT (credential_id) DO UPDATE
           SET count = count + excluded.count, last_used_at_ms = max(last_used_at_ms, excluded.last_used_at_ms)`,
          credentialId,
          count,
          Math.round(lastUsedAtMs),
          credentialId,
        )
      }
    })
  }

  async addQuotas(readings: readonly QuotaReading[]): Promise<void> {
    if (readings.length === 0) return
    const session = this.#session
    this.#change(() => {
      for (const reading of readings) {
        if (session.row('SELECT 1 FROM credentials WHERE id = ?', reading.credentialId) === undefined) continue
        const row = session.row('SELECT quota FROM quotas WHERE credential_id = ?', reading.credentialId)
        const merged = mergeQuota(quotaOf(row?.['quota']), reading)
        session.run(
          'INSERT OR REPLACE INTO quotas (credential_id, quota) VALUES (?, ?)',
          reading.credentialId,
          JSON.stringify(merged),
        )
      }
    })
  }

  #change(work: () => void): void {
    const session = this.#session
    session.guarded(() =>
      session.transaction('BEGIN IMMEDIATE', () => {
        this.#readings = undefined
        work()
        session.run('UPDATE state SET readings_revision = readings_revision + 1')
      }),
    )
  }

  #load(revision: number): Readings {
    const uses = new Map<string, Uses>()
    for (const row of this.#session.rows('SELECT credential_id, count, last_used_at_ms FROM uses')) {
      uses.set(String(row['credential_id']), {
        count: Number(row['count']),
        lastUsedAtMs: Number(row['last_used_at_ms']),
      })
    }
    const quotas = new Map<string, CredentialQuota>()
    for (const row of this.#session.rows('SELECT credential_id, quota FROM quotas')) {
      const quota = quotaOf(row['quota'])
      if (quota !== undefined) quotas.set(String(row['credential_id']), quota)
    }
    return { revision, uses, quotas }
  }
}

/** Readings are advice: one that cannot be read is as good as none. */
function quotaOf(value: unknown): CredentialQuota | undefined {
  if (typeof value !== 'string') return undefined
  try {
    return JSON.parse(value) as CredentialQuota
  } catch {
    return undefined
  }
}
