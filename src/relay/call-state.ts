import type { Failure } from '../failure/evidence.ts'
import type { FailureLabel } from '../failure/labels.ts'
import type { Lease } from '../pool/lease.ts'
import type { AttemptRecord } from '../telemetry/events.ts'
import type { Call } from './call.ts'
import { CallRepairs, type Replayed } from './repairs.ts'
import type { Replay } from './replay.ts'

/** Statuses that say by themselves whose fault it was, or that a wait will clear. */
const NEVER_POISON = new Set([401, 402, 429])

/** Renewals ahead of their end that one call may cause or meet; only tokens that are born dead need more. */
const RENEWALS_PER_CALL = 6

/**
 * What one call has been through. Lives and dies with the call: a flag that outlives it strands the next one (20465),
 * one that is lost hammers a key again (26145).
 */
export class CallState {
  readonly attempts: AttemptRecord[] = []
  readonly failures: Failure[] = []
  /** Credential id -> generation that failed in this call. */
  readonly tried = new Map<string, number>()
  readonly #retries = new Map<FailureLabel, number>()
  readonly #suspects = new Map<FailureLabel, Map<string, Lease>>()
  othersTried = 0
  routeIndex = 0
  waits = 0
  /** One route with one credential: nothing that is bound to an account can go astray. */
  nowhereToMove = false
  /** Monotonic ms at which this call began to queue for a busy credential of its route. */
  queuedSinceMs: number | undefined
  fallbackReason: string | undefined
  /** `provider/model` of the last metered route that was asked although the first one costs nothing more. */
  meteredFallback: string | undefined
  readonly repairs = new CallRepairs()
  /** What was sent last, in its provider's protocol. */
  sent: Call | undefined
  /** The same before what is bound to an account was left out of it. */
  base: Call | undefined
  compressions = 0
  /** What is kept of the conversation that the call goes on from. */
  replay: Replay | undefined
  /** The whole conversation is sent, since nobody who can be asked has it. */
  replayed: Omit<Replayed, 'call'> | undefined

  readonly #refreshed = new Set<string>()
  #renewals = 0
  #held: Lease | undefined

  /** This call has to end this lease, whatever happens: one that nobody ends keeps an account's place until the process ends. */
  hold(lease: Lease): void {
    this.#held = lease
  }

  /** Somebody else ends it now. */
  handedOver(): void {
    this.#held = undefined
  }

  /** Ends it without a verdict. */
  async letGo(): Promise<void> {
    const held = this.#held
    this.#held = undefined
    await held?.release()
  }

  /** One refresh after a 401 per credential: a 401 that no refresh cures must not become a loop (26664). */
  mayRefresh(credentialId: string): boolean {
    return !this.#refreshed.has(credentialId)
  }

  refreshed(credentialId: string): void {
    this.#refreshed.add(credentialId)
  }

  mayRenew(): boolean {
    return this.#renewals < RENEWALS_PER_CALL
  }

  renewed(): void {
    this.#renewals += 1
  }

  retriesDone(label: FailureLabel): number {
    return this.#retries.get(label) ?? 0
  }

  countRetry(label: FailureLabel): void {
    this.#retries.set(label, this.retriesDone(label) + 1)
  }

  /** After a rotation the retry count starts afresh. */
  rotated(): void {
    this.#retries.clear()
    this.othersTried = 0
  }

  /** It begins elsewhere than on the first route. */
  beganBehind(atIndex: number, reason: string): void {
    this.routeIndex = atIndex
    this.fallbackReason = reason
  }

  /** Another route: another pool, another count. Verdicts on the request stay. @param reason undefined for the chain's first route */
  fellBack(toIndex: number, reason: string | undefined): void {
    this.rotated()
    this.tried.clear()
    this.repairs.onNextRoute()
    this.routeIndex = toIndex
    this.queuedSinceMs = undefined
    this.fallbackReason = reason
  }

  /**
   * Remembers a verdict that could be the request's own fault: a 4xx that is not 401, 402 or 429.
   * @returns the leases to undo once two credentials have given the same verdict, else none
   */
  suspect(failure: Failure, lease: Lease): readonly Lease[] {
    const status = failure.evidence.status
    if (failure.blame !== 'credential' || status === undefined || status < 400 || status > 499) return []
    if (NEVER_POISON.has(status) || failure.resetAt !== undefined || failure.retryAfterMs !== undefined) return []
    const byCredential = this.#suspects.get(failure.label) ?? new Map<string, Lease>()
    byCredential.set(lease.credential.id, lease)
    this.#suspects.set(failure.label, byCredential)
    return byCredential.size >= 2 ? [...byCredential.values()] : []
  }
}
