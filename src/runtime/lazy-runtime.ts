import type { SparekeyOptions } from './open-runtime.ts'
import type { Runtime } from './runtime.ts'

/** A runtime that is loaded and opened when it is first needed: until then nothing is read, and little code is there. */
export class LazyRuntime {
  readonly #options: SparekeyOptions
  readonly #providers: readonly string[]
  #opening: Promise<Runtime> | undefined
  #closed: Promise<void> | undefined

  /** @param providers names that must be known once it is open */
  constructor(options: SparekeyOptions, providers: readonly string[]) {
    this.#options = options
    this.#providers = providers
  }

  /** @throws SparekeyConfigError, StoreError; another try opens again. `StoreError` `closed` after `close` */
  open(): Promise<Runtime> {
    this.#opening ??= this.#load()
    return this.#opening
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      const opened = await this.#opening?.catch(() => undefined)
      await opened?.close()
    })()
    return this.#closed
  }

  async #load(): Promise<Runtime> {
    try {
      const { openRuntime, requireProvider } = await import('./open-runtime.ts')
      if (this.#closed !== undefined) throw await closedError()
      const runtime = await openRuntime(this.#options)
      try {
        for (const provider of this.#providers) requireProvider(runtime, provider, 'provider')
      } catch (error) {
        await runtime.close()
        throw error
      }
      return runtime
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }
}

async function closedError(): Promise<Error> {
  const { StoreError } = await import('../pool/store-contract.ts')
  return new StoreError('closed', 'it was closed')
}
