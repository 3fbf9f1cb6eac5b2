import type { Bench } from '../../src/pool/bench.ts'
import type { Credential, Secret } from '../../src/pool/credential.ts'
import { MemoryStore } from '../../src/stores/memory.ts'

/** The store in memory, which tells whenever benches may have changed. */
export class WatchedStore extends MemoryStore {
  readonly #before: () => void
  readonly #after: (credentials: readonly Credential[], benches: readonly Bench[]) => void

  constructor(before: () => void, after: (credentials: readonly Credential[], benches: readonly Bench[]) => void) {
    super()
    this.#before = before
    this.#after = after
  }

  override async changeBench(
    credentialId: string,
    scope: string,
    change: (credential: Credential, bench: Bench | undefined) => Bench | null | undefined,
  ): Promise<{ readonly bench: Bench | undefined; readonly changed: boolean }> {
    const result = await super.changeBench(credentialId, scope, change)
    if (result.changed) await this.#tell()
    return result
  }

  override async replaceSecret(id: string, secret: Secret, fingerprint: string): Promise<Credential> {
    const renewed = await super.replaceSecret(id, secret, fingerprint)
    await this.#tell()
    return renewed
  }

  async #tell(): Promise<void> {
    this.#before()
    const { credentials, benches } = await super.snapshot()
    this.#after(credentials, benches)
  }
}
