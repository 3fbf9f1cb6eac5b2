import type { Failure } from '../failure/evidence.ts'
import type { CutSignal } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import type { ProcessWatch } from '../platform/process-watch.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import type {
  HeldRefresh,
  RefreshClaim,
  RefreshStore,
  RenewedSecret,
  UnfinishedRefresh,
} from '../pool/store-contract.ts'
import type { RefreshReply } from './ask-refresh.ts'
import { ClaimRule } from './claim-rule.ts'
import { isDue, stillLives } from './refresh-time.ts'
import type { Renewal } from './refresh-outcome.ts'
import { later, stuckHolder, wrongAccount } from './renewal-endings.ts'
import { renewedTokens } from './renewed-tokens.ts'
import { signInAgain } from './sign-in-again.ts'
import { UnsavedTokens } from './unsaved-tokens.ts'

export interface RefresherOptions {
  readonly store: RefreshStore
  readonly platform: Platform
  /** How a provider's logins are refreshed. `machine`: the client signs in itself, without a refresh token. @returns undefined when they are not */
  readonly wayOf: (provider: string) => { readonly machine: boolean } | undefined
  /** Sends a refresh token once. Never throws. The signal is cut when the claim is about to end. */
  readonly ask: (credential: Credential, refreshToken: string | undefined, signal: AbortSignal) => Promise<RefreshReply>
  readonly fingerprintOf: (token: string) => string
  /** What must not go unnoticed. Never carries a secret. */
  readonly onTrouble: (message: string) => void
  /** Sees whether the holder of a claim still lives. @default nobody can: a claim ends by its time */
  readonly processes?: ProcessWatch
  /** A claim of a process that cannot be seen is free again after this long. @default 45000 */
  readonly claimMs?: number
}

const CLAIM_MS = 45_000
const LOOK_AGAIN_MS = 40
const FIRST_REST_MS = 2_000
const LONGEST_REST_MS = 5 * 60_000

/**
 * Keeps logins alive: one refresh in flight per credential over calls, processes and machines, and a rotated token is stored durably before
 * anybody uses it (invariant I3). Never throws; a POST that is on its way is never cut by a caller who leaves.
 */
export class Refresher {
  readonly #options: RefresherOptions
  readonly #flights = new Map<string, Promise<Renewal>>()
  readonly #unsaved: UnsavedTokens
  readonly #rule: ClaimRule
  readonly #chance: number

  constructor(options: RefresherOptions) {
    this.#options = options
    this.#rule = new ClaimRule(options.processes)
    this.#chance = options.platform.random.next()
    this.#unsaved = new UnsavedTokens(options.store, options.platform, options.onTrouble)
  }

  /** Whether these tokens could be renewed at all. */
  canRefresh(credential: Credential, secret: Secret): boolean {
    if (credential.type !== 'oauth' || credential.source.kind !== 'stored') return false
    const way = this.#options.wayOf(credential.provider)
    return way !== undefined && (way.machine || secret.refreshToken !== undefined)
  }

  isDue(secret: Secret): boolean {
    return isDue(secret, this.#options.platform.clock.now(), this.#chance)
  }

  stillLives(secret: Secret): boolean {
    return stillLives(secret, this.#options.platform.clock.now())
  }

  /** Newer tokens that the store would not take yet. */
  unsaved(credential: Credential): Secret | undefined {
    return this.#unsaved.of(credential.id, credential.generation)?.secret
  }

  /**
   * Gets tokens newer than those of `generation`: another process's, or by a refresh.
   * @param patience how long this caller waits; the refresh itself goes on without it
   */
  async renew(
    credential: Credential,
    generation: number,
    patience: { readonly ms: number; readonly signal?: CutSignal; readonly force?: boolean },
  ): Promise<Renewal> {
    const flight = this.#flights.get(credential.id) ?? this.#start(credential, generation, patience.force === true)
    const cut = new AbortController()
    const onAbort = () => cut.abort()
    if (patience.signal?.aborted === true) cut.abort()
    patience.signal?.addEventListener('abort', onAbort)
    const impatience = this.#options.platform.timers
      .sleep(Math.max(0, patience.ms), cut.signal)
      .then((): Renewal => ({ kind: 'waiting' }))
    const renewal = await Promise.race([flight, impatience])
    patience.signal?.removeEventListener('abort', onAbort)
    cut.abort()
    return renewal
  }

  /** Stores what an earlier process had to set aside. Called at start. */
  async recover(): Promise<void> {
    await this.#unsaved.takeUp()
  }

  /** Waits for refreshes that are on their way, and tries once more to store what could not be stored. */
  async close(): Promise<void> {
    await Promise.all(this.#flights.values())
    await this.#unsaved.close()
  }

  #start(credential: Credential, generation: number, force: boolean): Promise<Renewal> {
    const flight = this.#fly(credential, generation, force)
      .catch((error: unknown): Renewal => this.#storeRefuses(credential, error))
      .finally(() => this.#flights.delete(credential.id))
    this.#flights.set(credential.id, flight)
    return flight
  }

  async #fly(credential: Credential, usedGeneration: number, force: boolean): Promise<Renewal> {
    const { store, platform } = this.#options
    const { id } = credential
    const holder = this.#rule.nameHolder(platform.random.id('refresh'))
    for (;;) {
      // What was set aside is newer than what is stored: sending the stored token would be sending a spent one.
      await this.#unsaved.takeUp()
      const kept = this.#unsaved.of(id, usedGeneration)
      if (kept !== undefined)
        return { kind: 'renewed', generation: kept.generation + 1, secret: kept.secret, saved: false }
      const look = await store.look(id)
      if (look === undefined) return { kind: 'impossible' }
      const { generation, secret } = look
      // Another process was faster: its tokens are as good as ours would be (15167).
      if (generation !== usedGeneration) return { kind: 'renewed', generation, secret, saved: true }
      if (!this.canRefresh(credential, secret)) return { kind: 'impossible' }
      const fingerprint = this.#options.fingerprintOf(secret.refreshToken ?? secret.token)
      const begunAtMs = platform.clock.monotonic()
      const nowMs = platform.clock.now()
      const untilMs = nowMs + this.#claimMs
      const mayTakeOver = (held: HeldRefresh) => this.#rule.mayTakeOver(held, nowMs)
      const claim = await store.begin(
        { credentialId: id, generation, holder, untilMs, fingerprint, force, mayTakeOver },
        nowMs,
      )
      if (claim.kind === 'held') {
        if (nowMs >= claim.untilMs) return stuckHolder(credential, nowMs + FIRST_REST_MS, nowMs)
        await platform.timers.sleep(Math.min(LOOK_AGAIN_MS, Math.max(1, claim.untilMs - nowMs)))
        continue
      }
      if (claim.kind === 'moved') continue
      if (claim.kind === 'resting')
        return this.#later(
          credential,
          `the login "${credential.label}" could not be refreshed a moment ago: ${claim.reason}`,
          claim.untilMs,
        )
      if (claim.unfinished !== undefined && (await this.#leftBehind(credential, generation))) {
        const nothing = { unfinished: true, restUntilMs: 0, failures: 0, reason: '' }
        await this.#end({ credentialId: id, generation, holder, ...nothing })
        continue
      }
      const leftMs = (this.#claimMs * 2) / 3 - (platform.clock.monotonic() - begunAtMs)
      // Claimed so slowly (a suspended machine) that another process may take over while the token travels: claim anew.
      if (leftMs <= this.#claimMs / 3) continue
      return this.#send(credential, { generation, secret, holder, claim, leftMs })
    }
  }

  /** Whether the holder who was cut off had put its pair beside the store: after we had looked, and before we saw that it is dead. */
  async #leftBehind({ id }: Credential, generation: number): Promise<boolean> {
    await this.#unsaved.takeUp()
    if (this.#unsaved.of(id, generation) !== undefined) return true
    return (await this.#options.store.look(id))?.generation !== generation
  }

  async #send(
    credential: Credential,
    begun: {
      readonly generation: number
      readonly secret: Secret
      readonly holder: string
      readonly claim: Extract<RefreshClaim, { kind: 'claimed' }>
      readonly leftMs: number
    },
  ): Promise<Renewal> {
    const { platform, fingerprintOf } = this.#options
    const { generation, secret, holder, claim } = begun
    const cut = new AbortController()
    const cancel = platform.timers.after(begun.leftMs, () => cut.abort(), { unref: true })
    const reply = await this.#options.ask(credential, secret.refreshToken, cut.signal)
    cancel()
    const ended = { credentialId: credential.id, generation, holder }
    switch (reply.kind) {
      case 'tokens': {
        const nowMs = platform.clock.now()
        const renewed = renewedTokens(secret, reply.body, credential.accountId, nowMs)
        if (renewed !== undefined)
          return this.#keep({
            credentialId: credential.id,
            generation,
            secret: renewed,
            fingerprint: fingerprintOf(renewed.token),
          })
        const failure = wrongAccount(credential, nowMs)
        this.#options.onTrouble(`${credential.provider} "${credential.label}": ${failure.message}`)
        await this.#end({ ...ended, ...this.#verdict(failure), unfinished: false })
        return { kind: 'dead', failure }
      }
      case 'refused':
        return this.#refused(credential, generation, reply.failure, claim.unfinished, ended)
      case 'trouble': {
        const failures = claim.failures + 1
        const restMs = reply.failure.retryAfterMs ?? Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (failures - 1))
        const untilMs = platform.clock.now() + Math.min(LONGEST_REST_MS, restMs)
        const reason = reply.failure.message
        await this.#end({ ...ended, unfinished: reply.spent, restUntilMs: untilMs, failures, reason })
        return this.#later(credential, `the login "${credential.label}" could not be refreshed now: ${reason}`, untilMs)
      }
    }
  }

  /** Durable first, used second. What cannot be stored is kept and told, never dropped. */
  async #keep(renewed: RenewedSecret): Promise<Renewal> {
    const { store } = this.#options
    const { credentialId, generation, secret } = renewed
    await this.#unsaved.secure(renewed)
    try {
      const committed = await store.commit(renewed)
      await this.#unsaved.release(renewed)
      if (committed !== undefined) return { kind: 'renewed', generation: committed.generation, secret, saved: true }
    } catch (error) {
      await this.#unsaved.keep(renewed, error)
      return { kind: 'renewed', generation: generation + 1, secret, saved: false }
    }
    // A new login came in between: it is the newer one.
    const look = await store.look(credentialId)
    return look === undefined
      ? { kind: 'impossible' }
      : { kind: 'renewed', generation: look.generation, secret: look.secret, saved: true }
  }

  async #refused(
    credential: Credential,
    generation: number,
    failure: Failure,
    unfinished: UnfinishedRefresh | undefined,
    ended: { readonly credentialId: string; readonly generation: number; readonly holder: string },
  ): Promise<Renewal> {
    await this.#unsaved.takeUp()
    const look = await this.#options.store.look(credential.id)
    if (look !== undefined && look.generation !== generation)
      return { kind: 'renewed', generation: look.generation, secret: look.secret, saved: true }
    const cutOff =
      unfinished === undefined
        ? ''
        : `; an earlier refresh of it (token ${unfinished.fingerprint}) was cut off before its new tokens could be stored`
    const told = { ...failure, message: `${failure.message.replace(/\.+$/, '')}${cutOff}. ${signInAgain(credential)}` }
    await this.#end({ ...ended, ...this.#verdict(told), unfinished: unfinished !== undefined })
    this.#options.onTrouble(`the login "${credential.label}" of ${credential.provider} has ended: ${told.message}`)
    return { kind: 'dead', failure: told }
  }

  /** Those who waited for this refresh would send the refused token again before the pool's verdict is written: for that moment it rests. */
  #verdict({ message }: Failure): { readonly restUntilMs: number; readonly failures: number; readonly reason: string } {
    return { restUntilMs: this.#options.platform.clock.now() + FIRST_REST_MS, failures: 0, reason: message }
  }

  /** The claim ends by itself when this fails. */
  async #end(ended: Parameters<RefreshStore['end']>[0]): Promise<void> {
    try {
      await this.#options.store.end(ended)
    } catch (error) {
      this.#options.onTrouble(`the end of a refresh could not be written down: ${wordsOf(error)}`)
    }
  }

  /** Nothing was sent: a token that could not be stored afterwards is not spent. */
  #storeRefuses(credential: Credential, error: unknown): Renewal {
    const message = `the login "${
      credential.label
    }" was not refreshed, because its new tokens could not be stored: ${wordsOf(error)}`
    this.#options.onTrouble(`${credential.provider}: ${message}`)
    return this.#later(credential, message, this.#options.platform.clock.now() + FIRST_REST_MS)
  }

  #later(credential: Credential, message: string, untilMs: number): Renewal {
    return later(credential, message, untilMs, this.#options.platform.clock.now())
  }

  get #claimMs(): number {
    return this.#options.claimMs ?? CLAIM_MS
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error'
}
