import type { Clock } from '../platform/clock.ts'
import type { SecretCommandOutcome } from '../platform/run-secret-command.ts'
import type { SecretFileLook } from '../platform/secret-file.ts'
import type { Credential, Secret, SecretSource } from './credential.ts'
import { fingerprintOf } from './fingerprint.ts'
import { readKeyText } from './key-text.ts'
import { type Store, StoreError, type StoreErrorCode } from './store-contract.ts'

/** How references are followed. What is absent cannot be used in this process. */
export interface ReferenceReaders {
  readonly environment?: (variable: string) => string | undefined
  readonly file?: (path: string, knownMark?: string) => Promise<SecretFileLook>
  readonly command?: (argv: readonly string[]) => Promise<SecretCommandOutcome>
}

interface Known {
  /** Absent when it could not be read. */
  readonly token?: string
  readonly why?: string
  /** Of a file. */
  readonly mark?: string
  /** When a command was run, epoch ms. */
  readonly atMs: number
  /** Of the credential's source: somebody may have replaced it under the same id. */
  readonly of: string
}

/** A command that fails, or a store that refuses a new value, is left alone for so long: a locked vault must not be asked at every call. */
const AFTER_FAILURE_MS = 10_000
/** A call asks, announces and uses one answer: a command that says another key each time, kept for no time, would be asked for ever. */
const SHORTEST_KEPT_MS = 1_000
/** A new value that is refused for these is refused for ever. */
const FINAL_REFUSALS = new Set<StoreErrorCode>(['duplicate_credential', 'not_found'])

/** Credentials whose secret lies elsewhere: read at use, kept in memory only, never stored. */
export class ReferencedSecrets {
  readonly #readers: ReferenceReaders
  readonly #clock: Clock
  readonly #notice: (message: string) => void
  readonly #known = new Map<string, Known>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #announced = new Map<string, { readonly fingerprint: string; readonly untilMs: number }>()
  readonly #noticed = new Set<string>()

  /** @param notice told about files that others may read */
  constructor(readers: ReferenceReaders, clock: Clock, notice: (message: string) => void = () => undefined) {
    this.#readers = readers
    this.#clock = clock
    this.#notice = notice
  }

  /** @returns why this process cannot have the secret; undefined when it can, or when only using it will tell */
  missing(credential: Credential): string | undefined {
    const { source } = credential
    if (source.kind === 'stored') return undefined
    if (source.kind === 'env')
      return this.#variable(source.variable) === undefined ? `${source.variable} is not set` : undefined
    const known = this.#of(credential)
    // A failure that is old enough is tried again, and nobody tries what is said to be missing.
    if (source.kind === 'command' && !this.#isFresh(credential, source.cacheMs)) return undefined
    return known?.why
  }

  /** This process's value is the one that the pool knows. */
  agrees(credential: Credential): boolean {
    if (credential.source.kind === 'stored') return true
    const token = this.#token(credential)
    return token !== undefined && fingerprintOf(token) === credential.fingerprint
  }

  /** @throws StoreError `not_found` when this process cannot have it */
  async secretOf(credential: Credential): Promise<Secret> {
    await this.#look(credential, true)
    const token = this.#token(credential)
    if (token === undefined)
      throw new StoreError('not_found', `the secret of credential ${credential.label}: ${this.missing(credential)}`)
    return { token, ...(credential.accountId === undefined ? {} : { accountId: credential.accountId }) }
  }

  /** Looks at variables and files again; runs nothing and writes nothing. For lists. */
  async look(credentials: readonly Credential[]): Promise<void> {
    await Promise.all(credentials.map((credential) => this.#look(credential, false)))
  }

  /**
   * Looks again, and tells the pool of values that are new. Commands run only for credentials that a refused key keeps away:
   * of the others only the one that is lent is asked for.
   */
  async announce(
    store: Store,
    credentials: readonly Credential[],
    isRefused: (credential: Credential) => boolean,
  ): Promise<void> {
    const references = credentials.filter(({ source }) => source.kind !== 'stored')
    await Promise.all(references.map((credential) => this.#look(credential, isRefused(credential))))
    for (const credential of references) await this.#announce(store, credential)
  }

  /**
   * Makes sure of the secret of the credential that is about to be lent.
   * @returns `changed` when pool or standing moved by it: choose again
   */
  async prepare(store: Store, credential: Credential): Promise<'ready' | 'changed'> {
    if (credential.source.kind !== 'command') return 'ready'
    await this.#look(credential, true)
    if (this.missing(credential) !== undefined) return 'changed'
    return (await this.#announce(store, credential)) ? 'changed' : 'ready'
  }

  /** The provider refused this key: a command is run again at the next use, whatever is cached. */
  refused(credential: Credential): void {
    const known = this.#known.get(credential.id)
    if (credential.source.kind !== 'command' || known?.token === undefined) return
    if (fingerprintOf(known.token) === credential.fingerprint) this.#known.delete(credential.id)
  }

  /**
   * A new value is a new token generation: what was said about the old key no longer holds (79156). Each value is announced once
   * per process, or two processes with different values would undo each other for ever; one that the store refused, again a while later.
   * @returns whether the pool's generation moved
   */
  async #announce(store: Store, credential: Credential): Promise<boolean> {
    const token = this.#token(credential)
    if (token === undefined) return false
    const fingerprint = fingerprintOf(token)
    const announced = this.#announced.get(credential.id)
    if (announced?.fingerprint === fingerprint && this.#clock.now() < announced.untilMs) return false
    this.#announced.set(credential.id, { fingerprint, untilMs: Infinity })
    if (fingerprint === credential.fingerprint) return false
    try {
      await store.replaceSecret(credential.id, { token }, fingerprint)
      return true
    } catch (error) {
      // Full disk, removed meanwhile, or the same key is already in the pool: the old note stands, the call goes on.
      if (!(error instanceof StoreError) || error.code === 'closed') throw error
      if (!FINAL_REFUSALS.has(error.code)) {
        this.#announced.set(credential.id, { fingerprint, untilMs: this.#clock.now() + AFTER_FAILURE_MS })
      }
      return false
    }
  }

  async #look(credential: Credential, mayRun: boolean): Promise<void> {
    const { source } = credential
    if (source.kind === 'file') return this.#lookAtFile(credential, source.path)
    if (source.kind !== 'command' || !mayRun || this.#isFresh(credential, source.cacheMs)) return
    // Calls that come together wait for one run.
    const running = this.#running.get(credential.id) ?? this.#run(credential, source.argv)
    this.#running.set(credential.id, running)
    await running
  }

  async #lookAtFile(credential: Credential, path: string): Promise<void> {
    const read = this.#readers.file
    const before = this.#of(credential)
    const look: SecretFileLook =
      read === undefined ? { kind: 'unreadable', why: 'files are not read here' } : await read(path, before?.mark)
    if (look.kind === 'same') return
    if (look.kind === 'unreadable') return this.#keep(credential, { why: `${path} cannot be read: ${look.why}` })
    if (look.openToOthers !== undefined && !this.#noticed.has(path)) {
      this.#noticed.add(path)
      this.#notice(
        `${path} can be read by others (mode ${look.openToOthers}): chmod 600 it, and replace the key if others use this machine`,
      )
    }
    const key = readKeyText(look.text)
    this.#keep(
      credential,
      'token' in key ? { ...key, mark: look.mark } : { why: `${path} ${key.problem}`, mark: look.mark },
    )
  }

  async #run(credential: Credential, argv: readonly string[]): Promise<void> {
    try {
      const outcome: SecretCommandOutcome =
        this.#readers.command === undefined
          ? { kind: 'failed', why: 'commands are not run here' }
          : await this.#readers.command(argv)
      const key = outcome.kind === 'said' ? readKeyText(outcome.text) : { problem: `failed: ${outcome.why}` }
      this.#keep(credential, 'token' in key ? key : { why: `its command ${key.problem}` })
    } finally {
      this.#running.delete(credential.id)
    }
  }

  #isFresh(credential: Credential, cacheMs: number): boolean {
    const known = this.#of(credential)
    if (known === undefined) return false
    const ageMs = this.#clock.now() - known.atMs
    return ageMs >= 0 && ageMs < (known.token === undefined ? AFTER_FAILURE_MS : Math.max(cacheMs, SHORTEST_KEPT_MS))
  }

  #token(credential: Credential): string | undefined {
    const { source } = credential
    return source.kind === 'env' ? this.#variable(source.variable) : this.#of(credential)?.token
  }

  #of(credential: Credential): Known | undefined {
    const known = this.#known.get(credential.id)
    return known?.of === nameOf(credential.source) ? known : undefined
  }

  #keep(credential: Credential, found: Omit<Known, 'atMs' | 'of'>): void {
    this.#known.set(credential.id, { ...found, atMs: this.#clock.now(), of: nameOf(credential.source) })
  }

  #variable(variable: string): string | undefined {
    const value = this.#readers.environment?.(variable)?.trim()
    return value === undefined || value === '' ? undefined : value
  }
}

function nameOf(source: SecretSource): string {
  return JSON.stringify(source)
}
