import type { Credential, Secret } from '../pool/credential.ts'
import type { RefreshClaim, RefreshLook, RefreshStore, RenewedSecret } from '../pool/store-contract.ts'
import type { AsideFiles } from './aside-files.ts'
import type { SqliteSession } from './sqlite-session.ts'

/** What refreshes need from the rest of the store. */
export interface SqliteRefreshDesk {
  credential(id: string): Credential | undefined
  /** @throws StoreError `wrong_key`, `damaged` */
  openSecret(id: string): Secret | undefined
  /** One durable transaction that changes credentials. */
  change<T>(work: () => T): T
  /** Puts secret and generation in place, inside `change`. */
  renew(credential: Credential, renewed: RenewedSecret): Credential
}

/** Claims and journal of refreshes in the database; pairs that could not be committed in files beside it. */
export class SqliteRefreshes implements RefreshStore {
  readonly #session: SqliteSession
  readonly #desk: SqliteRefreshDesk
  readonly #files: AsideFiles

  constructor(session: SqliteSession, desk: SqliteRefreshDesk, files: AsideFiles) {
    this.#session = session
    this.#desk = desk
    this.#files = files
  }

  async look(credentialId: string): Promise<RefreshLook | undefined> {
    const session = this.#session
    return session.guarded(() =>
      session.transaction('BEGIN', () => {
        const credential = this.#desk.credential(credentialId)
        const secret = credential === undefined ? undefined : this.#desk.openSecret(credentialId)
        return credential === undefined || secret === undefined
          ? undefined
          : { generation: credential.generation, secret }
      }),
    )
  }

  async begin(claim: Parameters<RefreshStore['begin']>[0], nowMs: number): Promise<RefreshClaim> {
    const session = this.#session
    // Durable: after a power cut the journal must still know that the token was about to be sent.
    return session.guarded(() =>
      session.durably(() => session.transaction('BEGIN IMMEDIATE', () => this.#begin(claim, Math.round(nowMs)))),
    )
  }

  #begin(claim: Parameters<RefreshStore['begin']>[0], nowMs: number): RefreshClaim {
    const { credentialId, generation, holder, fingerprint, mayTakeOver = (held) => nowMs >= held.untilMs } = claim
    if (this.#desk.credential(credentialId)?.generation !== generation) return { kind: 'moved' }
    const row = this.#session.row('SELECT * FROM refreshes WHERE credential_id = ?', credentialId)
    const untilMs = Number(row?.['until_ms'] ?? 0)
    const other = String(row?.['holder'] ?? '')
    const isOwn = other === holder
    if (!isOwn && other !== '' && !mayTakeOver({ holder: other, untilMs })) return { kind: 'held', untilMs }
    const same = row !== undefined && Number(row['generation']) === generation ? row : undefined
    const restUntilMs = Number(same?.['rest_until_ms'] ?? 0)
    if (claim.force !== true && nowMs < restUntilMs)
      return { kind: 'resting', untilMs: restUntilMs, reason: String(same?.['reason']) }
    const failures = Number(same?.['failures'] ?? 0)
    this.#session.run(
      `INSERT OR REPLACE INTO refreshes
       (credential_id, generation, holder, until_ms, fingerprint, begun_at_ms, rest_until_ms, failures, reason)
       VALUES (?, ?, ?, ?, ?, ?, 0, ?, '')`,
      credentialId,
      generation,
      holder,
      Math.round(claim.untilMs),
      fingerprint,
      nowMs,
      failures,
    )
    const before = isOwn ? null : (same?.['fingerprint'] ?? null)
    return {
      kind: 'claimed',
      failures,
      ...(before === null ? {} : { unfinished: { fingerprint: String(before), atMs: Number(same?.['begun_at_ms']) } }),
    }
  }

  async commit(renewed: RenewedSecret): Promise<Credential | undefined> {
    const { credentialId, generation } = renewed
    return this.#desk.change(() => {
      const credential = this.#desk.credential(credentialId)
      if (credential?.generation !== generation) return undefined
      const next = this.#desk.renew(credential, renewed)
      this.#session.run('DELETE FROM refreshes WHERE credential_id = ?', credentialId)
      this.#session.run(
        "UPDATE benches SET token_generation = ? WHERE credential_id = ? AND token_generation = ? AND reason NOT LIKE 'auth_%'",
        next.generation,
        credentialId,
        generation,
      )
      return next
    })
  }

  async end(ended: Parameters<RefreshStore['end']>[0]): Promise<void> {
    const session = this.#session
    session.guarded(() =>
      session.run(
        `UPDATE refreshes SET holder = '', until_ms = 0, rest_until_ms = ?, failures = ?, reason = ?,
         fingerprint = CASE WHEN ? THEN fingerprint ELSE NULL END
         WHERE credential_id = ? AND generation = ? AND holder = ?`,
        Math.round(ended.restUntilMs),
        ended.failures,
        ended.reason,
        ended.unfinished ? 1 : 0,
        ended.credentialId,
        ended.generation,
        ended.holder,
      ),
    )
  }

  async setAside(renewed: RenewedSecret, manner: 'quick' | 'durable' = 'durable'): Promise<void> {
    this.#session.guarded(() => this.#files.write(renewed, manner))
  }

  async asides(onUnreadable: (message: string) => void): Promise<readonly RenewedSecret[]> {
    return this.#session.guarded(() => this.#files.list(onUnreadable))
  }

  async dropAside(renewed: Pick<RenewedSecret, 'credentialId' | 'generation'>): Promise<void> {
    this.#session.guarded(() => this.#files.remove(renewed))
  }
}
