import { SseFramer, type SseFrame } from '../sse.ts'
import type { WireName } from '../wire.ts'
import { DECODE_STREAM, type DeltaDecoder } from './delta-decoders.ts'
import { type DeltaEncoder, ENCODE_STREAM } from './delta-encoder.ts'
import type { StreamFacts } from './stream-facts.ts'

/** Says one stream in another protocol, as it comes. */
export class StreamTranslation {
  readonly #framer = new SseFramer(Number.POSITIVE_INFINITY)
  readonly #decoder: DeltaDecoder
  readonly #encoder: DeltaEncoder
  #finished = false
  #started = false

  constructor(from: WireName, to: WireName, facts: StreamFacts) {
    this.#decoder = DECODE_STREAM[from]()
    this.#encoder = ENCODE_STREAM[to](facts)
  }

  /** @returns what can be told so far; may be empty */
  push(bytes: Uint8Array): string {
    const frames = this.#framer.push(bytes)
    return Array.isArray(frames) ? this.#tell(frames as readonly SseFrame[]) : ''
  }

  /** The upstream's end was judged to be a good one: the terminal events, if they were not told yet. Not to be called for one that broke off. */
  finish(): string {
    return this.#tell(this.#framer.finish()) + this.#end()
  }

  #tell(frames: readonly SseFrame[]): string {
    let text = ''
    for (const { event } of frames) {
      if (event === undefined || this.#finished) continue
      for (const delta of this.#decoder.take(event)) {
        if (delta.kind === 'end') text += this.#end()
        else if (!this.#started && delta.kind !== 'start') {
          this.#started = true
          text += this.#encoder.write({ kind: 'start', id: '', model: '' }) + this.#encoder.write(delta)
        } else {
          this.#started = true
          text += this.#encoder.write(delta)
        }
      }
    }
    return text
  }

  #end(): string {
    if (this.#finished) return ''
    this.#finished = true
    return this.#encoder.finish()
  }
}
