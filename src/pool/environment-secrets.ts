import type { Credential, Secret } from './credential.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type Store, StoreError } from './store-contract.ts'

/** Credentials whose secret is an environment variable: read at use, never stored. */
export class EnvironmentSecrets {
  readonly #read: (variable: string) => string | undefined
  readonly #announced = new Map<string, string>()

  constructor(read: (variable: string) => string | undefined) {
    this.#read = read
  }

  /** @returns the variable that this process lacks; undefined when all is well */
  missing(credential: Credential): string | undefined {
    if (credential.source.kind !== 'env') return undefined
    return this.#value(credential.source.variable) === undefined ? credential.source.variable : undefined
  }

  /** This process's value is the one that the pool knows. */
  agrees(credential: Credential): boolean {
    if (credential.source.kind !== 'env') return true
    const token = this.#value(credential.source.variable)
    return token !== undefined && fingerprintOf(token) === credential.fingerprint
  }

  /** @throws StoreError `not_found` when the variable is not set in this process */
  secretOf(credential: Credential): Secret {
    const variable = credential.source.kind === 'env' ? credential.source.variable : ''
    const token = this.#value(variable)
    if (token === undefined)
      throw new StoreError('not_found', `set the environment variable ${variable} for credential ${credential.label}`)
    return { token, ...(credential.accountId === undefined ? {} : { accountId: credential.accountId }) }
  }

  /**
   * A variable with a new value is a new token generation: what was said about the old key no longer holds (79156).
   * Each value is announced once per process, or two processes with different values would undo each other for ever.
   */
  async announce(store: Store, credentials: readonly Credential[]): Promise<void> {
    for (const credential of credentials) {
      if (credential.source.kind !== 'env') continue
      const token = this.#value(credential.source.variable)
      if (token === undefined) continue
      const fingerprint = fingerprintOf(token)
      if (this.#announced.get(credential.id) === fingerprint) continue
      this.#announced.set(credential.id, fingerprint)
      if (fingerprint === credential.fingerprint) continue
      try {
        await store.replaceSecret(credential.id, { token }, fingerprint)
      } catch (error) {
        // Full disk, removed meanwhile, or the same key is already in the pool: the old note stands, the call goes on.
        if (!(error instanceof StoreError) || error.code === 'closed') throw error
      }
    }
  }

  #value(variable: string): string | undefined {
    const value = this.#read(variable)?.trim()
    return value === undefined || value === '' ? undefined : value
  }
}
