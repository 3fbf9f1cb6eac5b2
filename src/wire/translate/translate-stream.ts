import { SseFramer, type SseFrame } from '../sse.ts'
import type { WireName } from '../wire.ts'
import type { AnswerEnd, Delta } from './answer.ts'
import { DECODE_STREAM, type DeltaDecoder } from './delta-decoders.ts'
import { type DeltaEncoder, ENCODE_STREAM } from './delta-encoder.ts'
import { LossReport } from './loss-report.ts'
import type { StreamFacts } from './stream-facts.ts'

/** Says one stream in another protocol, as it comes. */
export class StreamTranslation {
  readonly #framer = new SseFramer(Number.POSITIVE_INFINITY)
  readonly #decoder: DeltaDecoder
  readonly #encoder: DeltaEncoder
  #finished = false
  #started = false
  #answerEnd: AnswerEnd = { stop: 'stop' }

  /** @param report told, as it comes, what the other protocol has no place for */
  constructor(from: WireName, to: WireName, facts: StreamFacts, report = new LossReport()) {
    this.#decoder = DECODE_STREAM[from](report)
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
      for (const delta of this.#decoder.take(event)) text += delta.kind === 'end' ? this.#end() : this.#say(delta)
    }
    return text
  }

  #say(delta: Exclude<Delta, { kind: 'end' }>): string {
    const begun =
      this.#started || delta.kind === 'start' ? '' : this.#encoder.write({ kind: 'start', id: '', model: '' })
    this.#started = true
    switch (delta.kind) {
      case 'usage':
        this.#answerEnd = { ...this.#answerEnd, usage: delta.usage }
        return begun
      case 'stop':
        this.#answerEnd = { ...this.#answerEnd, stop: delta.reason }
        return begun
      default:
        return begun + this.#encoder.write(delta)
    }
  }

  #end(): string {
    if (this.#finished) return ''
    this.#finished = true
    return this.#encoder.finish(this.#answerEnd)
  }
}
