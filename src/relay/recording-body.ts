import { type JsonObject, parseObject } from '../wire/json.ts'
import { ResponseGatherer } from '../wire/responses/gather.ts'
import { type SseFrame, SseFramer } from '../wire/sse.ts'
import type { AttemptBody, AttemptEnding } from './attempt-body.ts'

/** A stream says everything several times, and its terminal event repeats instructions and tools. */
const TIMES_SAID = 4
const REPEATED_CHARACTERS = 1024 * 1024

/** Takes an answer apart, when there is time for it. @returns undefined when it is none */
export type ReadResponse = () => JsonObject | undefined

/** Passes an answer's bytes on as they are and tells, once it is complete and was read, what it was. */
export class RecordingBody implements AttemptBody {
  readonly #body: AttemptBody
  readonly #onComplete: (read: ReadResponse, characters: number) => void
  readonly #largest: number
  readonly #framer: SseFramer | undefined
  #gatherer: ResponseGatherer | undefined
  #whole: Uint8Array | undefined

  /**
   * @param largest an answer that says more is passed on and not told, characters
   * @param onComplete told once, with how much memory its words take; never of an answer that broke off, or whose reader left before its terminal event. Must not throw
   */
  constructor(
    body: AttemptBody,
    isWhole: boolean,
    largest: number,
    onComplete: (read: ReadResponse, characters: number) => void,
  ) {
    this.#body = body
    this.#largest = largest * TIMES_SAID + REPEATED_CHARACTERS
    this.#onComplete = onComplete
    this.#framer = isWhole ? undefined : new SseFramer(this.#largest)
    this.#gatherer = isWhole ? undefined : new ResponseGatherer()
  }

  async next(): Promise<IteratorResult<Uint8Array, AttemptEnding>> {
    const next = await this.#body.next()
    if (next.done !== true) this.#take(next.value)
    else if (next.value.kind === 'failure') this.#drop()
    else this.#end()
    return next
  }

  return(): Promise<void> {
    // Many clients leave at the terminal event, before the upstream has closed: they know the answer's id, and go on from it.
    this.#end()
    return this.#body.return()
  }

  #take(bytes: Uint8Array): void {
    if (this.#framer === undefined) {
      // One that came in one piece has no second.
      if (bytes.length <= this.#largest) this.#whole = bytes
      return
    }
    if (this.#gatherer === undefined) return
    const frames = this.#framer.push(bytes)
    if (Array.isArray(frames)) this.#gather(frames as readonly SseFrame[])
    else this.#drop()
  }

  #gather(frames: readonly SseFrame[]): void {
    for (const { event } of frames) if (event !== undefined) this.#gatherer?.take(event)
    if ((this.#gatherer?.characters ?? 0) > this.#largest) this.#drop()
  }

  #end(): void {
    if (this.#framer !== undefined && this.#gatherer !== undefined) this.#gather(this.#framer.finish())
    const whole = this.#whole
    const streamed = this.#gatherer?.response()
    const characters = this.#gatherer?.characters ?? 0
    this.#drop()
    if (whole !== undefined) this.#onComplete(() => parseObject(Buffer.from(whole).toString('utf8')), whole.length)
    else if (streamed !== undefined) this.#onComplete(() => streamed, characters)
  }

  #drop(): void {
    this.#gatherer = undefined
    this.#whole = undefined
  }
}
