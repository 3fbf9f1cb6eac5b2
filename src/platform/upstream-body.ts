/** Bytes that may wait here before the upstream is told to pause. */
const MOST_WAITING_BYTES = 64 * 1024

/** How a body holds its upstream back, and cuts it. */
export interface UpstreamTap {
  resume(): void
  cut(): void
}

/**
 * The body of one upstream answer between undici's callbacks and whoever reads: what came in one turn of the loop is handed over in one piece,
 * a slow reader pauses the upstream, and `return()` cuts it at once. Not a stream of node:stream: that costs more than the rest of a call.
 */
export class UpstreamBody implements AsyncIterableIterator<Uint8Array> {
  readonly #tap: UpstreamTap
  #chunks: Buffer[] = []
  #waitingBytes = 0
  #paused = false
  #ended = false
  #error: Error | undefined
  #wake: (() => void) | undefined

  constructor(tap: UpstreamTap) {
    this.#tap = tap
  }

  /** @returns false when the upstream shall pause */
  push(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    this.#waitingBytes += chunk.length
    this.#tell()
    this.#paused = this.#waitingBytes > MOST_WAITING_BYTES
    return !this.#paused
  }

  end(): void {
    this.#ended = true
    this.#tell()
  }

  fail(error: Error): void {
    this.#error ??= error
    this.#tell()
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#chunks.length === 0 && !this.#ended && this.#error === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    const chunks = this.#chunks
    if (chunks.length > 0) {
      this.#chunks = []
      this.#waitingBytes = 0
      const only = chunks.length === 1 ? chunks[0] : undefined
      const value = only ?? Buffer.concat(chunks)
      if (this.#paused) {
        this.#paused = false
        this.#tap.resume()
      }
      return { done: false, value }
    }
    if (this.#error !== undefined) throw this.#error
    return { done: true, value: undefined }
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#ended) {
      this.#ended = true
      this.#tap.cut()
    }
    this.#chunks = []
    this.#tell()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #tell(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
