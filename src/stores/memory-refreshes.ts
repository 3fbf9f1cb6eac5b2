import type { Credential, Secret } from '../pool/credential.ts'
import type {
  RefreshClaim,
  RefreshLook,
  RefreshStore,
  RenewedSecret,
  UnfinishedRefresh,
} from '../pool/store-contract.ts'

interface Row {
  readonly generation: number
  readonly holder: string
  readonly untilMs: number
  readonly unfinished?: UnfinishedRefresh
  readonly restUntilMs: number
  readonly failures: number
  readonly reason: string
}

/** What refreshes need from the rest of a store in memory. */
export interface MemoryRefreshDesk {
  credential(id: string): Credential | undefined
  secret(id: string): Secret | undefined
  /** Puts the secret and the next generation in place. */
  renew(credential: Credential, renewed: RenewedSecret): Credential
}

/** Refreshes of a store in memory: several pools of one process may share it. */
export class MemoryRefreshes implements RefreshStore {
  readonly #desk: MemoryRefreshDesk
  readonly #rows = new Map<string, Row>()
  readonly #asides = new Map<string, RenewedSecret>()

  constructor(desk: MemoryRefreshDesk) {
    this.#desk = desk
  }

  async look(credentialId: string): Promise<RefreshLook | undefined> {
    const credential = this.#desk.credential(credentialId)
    const secret = this.#desk.secret(credentialId)
    return credential === undefined || secret === undefined ? undefined : { generation: credential.generation, secret }
  }

  async begin(claim: Parameters<RefreshStore['begin']>[0], nowMs: number): Promise<RefreshClaim> {
    const { credentialId, generation, holder, untilMs, fingerprint } = claim
    const mayTakeOver = claim.mayTakeOver ?? ((held) => nowMs >= held.untilMs)
    if (this.#desk.credential(credentialId)?.generation !== generation) return { kind: 'moved' }
    const row = this.#rows.get(credentialId)
    if (row !== undefined && row.holder !== holder && row.holder !== '' && !mayTakeOver(row))
      return { kind: 'held', untilMs: row.untilMs }
    const same = row?.generation === generation ? row : undefined
    if (same !== undefined && claim.force !== true && nowMs < same.restUntilMs)
      return { kind: 'resting', untilMs: same.restUntilMs, reason: same.reason }
    const failures = same?.failures ?? 0
    const unfinished = same?.holder === holder ? undefined : same?.unfinished
    this.#rows.set(credentialId, {
      generation,
      holder,
      untilMs,
      unfinished: { fingerprint, atMs: nowMs },
      restUntilMs: 0,
      failures,
      reason: '',
    })
    return { kind: 'claimed', failures, ...(unfinished === undefined ? {} : { unfinished }) }
  }

  async commit(renewed: RenewedSecret): Promise<Credential | undefined> {
    const credential = this.#desk.credential(renewed.credentialId)
    if (credential?.generation !== renewed.generation) return undefined
    const next = this.#desk.renew(credential, renewed)
    this.#rows.delete(renewed.credentialId)
    return next
  }

  async end(ended: Parameters<RefreshStore['end']>[0]): Promise<void> {
    const { credentialId, generation, holder, restUntilMs, failures, reason } = ended
    this.#desk.credential(credentialId)
    const row = this.#rows.get(credentialId)
    if (row === undefined || row.holder !== holder || row.generation !== generation) return
    const { unfinished, ...rest } = row
    const kept = ended.unfinished && unfinished !== undefined ? { unfinished } : {}
    this.#rows.set(credentialId, { ...rest, ...kept, untilMs: 0, holder: '', restUntilMs, failures, reason })
  }

  async setAside(renewed: RenewedSecret): Promise<void> {
    this.#asides.set(`${renewed.credentialId} ${renewed.generation}`, renewed)
  }

  async asides(): Promise<readonly RenewedSecret[]> {
    return [...this.#asides.values()]
  }

  async dropAside({ credentialId, generation }: Pick<RenewedSecret, 'credentialId' | 'generation'>): Promise<void> {
    this.#asides.delete(`${credentialId} ${generation}`)
  }

  forget(credentialId: string): void {
    this.#rows.delete(credentialId)
  }
}
