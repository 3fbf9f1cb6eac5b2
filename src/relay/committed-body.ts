import type { AnswerStream } from './answer-stream.ts'
import type { AttemptBody, AttemptEnding } from './attempt-body.ts'

/** Passes a committed stream on and tells, at its end, how it ended. One object instead of a chain of generators: every layer costs each chunk. */
export class CommittedBody implements AttemptBody {
  readonly #stream: AnswerStream
  readonly #endingOf: (thrown: { readonly error: unknown } | undefined) => AttemptEnding
  readonly #close: () => Promise<void>
  #ending: AttemptEnding | undefined

  /** @param close cancels the upstream when it has not ended */
  constructor(
    stream: AnswerStream,
    endingOf: (thrown: { readonly error: unknown } | undefined) => AttemptEnding,
    close: () => Promise<void>,
  ) {
    this.#stream = stream
    this.#endingOf = endingOf
    this.#close = close
  }

  async next(): Promise<IteratorResult<Uint8Array, AttemptEnding>> {
    if (this.#ending !== undefined) return { done: true, value: this.#ending }
    let thrown: { readonly error: unknown } | undefined
    try {
      const bytes = await this.#stream.next()
      if (bytes !== undefined) return { done: false, value: bytes }
    } catch (error) {
      thrown = { error }
    }
    this.#ending ??= this.#endingOf(thrown)
    await this.#close()
    return { done: true, value: this.#ending }
  }

  async return(): Promise<void> {
    if (this.#ending !== undefined) return
    this.#ending = { kind: 'cancelled' }
    await this.#close()
  }
}
