import type { Credential, Secret } from '../pool/credential.ts'

/**
 * Secrets that were opened, beside the list of credentials that was read with them: opening an envelope again for every call is 7 % of its cost.
 * A new list forgets them all: a credential may have been removed, or have a newer generation.
 */
export class OpenedSecrets {
  readonly #secrets = new Map<string, { readonly generation: number; readonly secret: Secret }>()
  #of: readonly Credential[] | undefined

  find(credentials: readonly Credential[] | undefined, id: string, generation: number): Secret | undefined {
    if (credentials === undefined || credentials !== this.#of) return undefined
    const known = this.#secrets.get(id)
    return known?.generation === generation ? known.secret : undefined
  }

  remember(credentials: readonly Credential[] | undefined, id: string, generation: number, secret: Secret): void {
    if (credentials !== this.#of) {
      this.#secrets.clear()
      this.#of = credentials
    }
    if (credentials !== undefined) this.#secrets.set(id, { generation, secret })
  }
}
