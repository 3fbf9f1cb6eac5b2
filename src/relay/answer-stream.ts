import { parseObject } from '../wire/json.ts'
import { SseFramer, type SseFrame } from '../wire/sse.ts'
import type { StreamObserver, WireEvidence } from '../wire/wire.ts'

/** Handshake frames held back may not grow without bound: past this the stream is committed as it is. */
const LARGEST_HELD_BYTES = 4 * 1024 * 1024
/** After the terminal event an upstream gets this long to close; a client must not wait for a socket that stays open. */
export const CLOSE_GRACE_MS = 100

/** What happened up to the commit point. */
export type Opening =
  /** Something visible (or the complete answer) is here: from now on nothing can be taken back. */
  { readonly kind: 'committed' } | { readonly kind: 'failure'; readonly evidence: WireEvidence }

/** How a committed stream ended. */
export type StreamEnding = { readonly kind: 'complete' } | { readonly kind: 'failure'; readonly evidence: WireEvidence }

/** Reads the next chunk, or `undefined` at the end. Throws what the transport threw. */
export type ReadChunk = (patienceMs?: number) => Promise<Uint8Array | undefined>

/** How long a committed stream may send nothing but comment lines, and a clock for it. */
interface Silence {
  readonly mostMs: number
  /** Monotonic ms. */
  readonly nowMs: () => number
}

/**
 * One upstream stream: holds its frames until the first visible output, then passes their bytes on unchanged.
 * A failure event is never passed on as it came: the caller's wire tells it, after the bytes that came before it.
 */
export class AnswerStream {
  readonly #read: ReadChunk
  readonly #observer: StreamObserver
  readonly #silence: Silence | undefined
  readonly #framer = new SseFramer()
  #held: Uint8Array[] = []
  #heldBytes = 0
  #ending: StreamEnding | undefined
  /** The upstream closed, or had its time to, behind the terminal event. */
  #closed = false
  /** The latest bytes were comment lines and nothing else. */
  #onlyComments = false
  /** Time spent waiting behind them. A slow client's time is none of it. */
  #silentMs = 0

  /** @param silence without it comment lines keep a committed stream alive for ever */
  constructor(read: ReadChunk, observer: StreamObserver, silence?: Silence) {
    this.#read = read
    this.#observer = observer
    this.#silence = silence
  }

  /** Reads up to the commit point. Held frames stay held. */
  async open(): Promise<Opening> {
    for (;;) {
      const seen = this.#take(await this.#read())
      this.#hold(seen.bytes)
      if (this.#ending?.kind === 'failure' && !seen.visible) return this.#ending
      if (seen.visible || this.#ending !== undefined || this.#heldBytes > LARGEST_HELD_BYTES)
        return { kind: 'committed' }
    }
  }

  /** The held bytes in one piece, then every further byte up to the end or the failing frame; then `undefined`. Check `ending` afterwards. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#held.length > 0) {
      const held = joined(this.#held)
      this.#held = []
      return held
    }
    while (this.#ending === undefined) {
      const seen = this.#take(await this.#readOn())
      if (seen.bytes.length > 0) return seen.bytes
    }
    if (this.#ending.kind !== 'complete' || this.#closed) return undefined
    // A `[DONE]` behind `response.completed` still belongs to the stream.
    const rest = await this.#read(CLOSE_GRACE_MS).catch(() => undefined)
    this.#closed = rest === undefined
    return rest
  }

  /** The first bytes of a stream that was opened and not read on. */
  get firstHeld(): Uint8Array | undefined {
    return this.#held[0]
  }

  get ending(): StreamEnding | undefined {
    return this.#ending
  }

  /** Behind the commit point no deadline is left: a proxy that sends comments for an upstream that died would hold the call for ever. */
  async #readOn(): Promise<Uint8Array | undefined> {
    if (!this.#onlyComments || this.#silence === undefined) return this.#read()
    const { mostMs, nowMs } = this.#silence
    const from = nowMs()
    const chunk = await this.#read(Math.max(0, mostMs - this.#silentMs))
    this.#silentMs += nowMs() - from
    return chunk
  }

  #take(chunk: Uint8Array | undefined): { readonly bytes: Uint8Array; readonly visible: boolean } {
    const pushed = chunk === undefined ? this.#framer.finish() : this.#framer.push(chunk)
    if (!Array.isArray(pushed)) {
      this.#ending = {
        kind: 'failure',
        evidence: thrown('FrameTooLarge', 'a single stream event exceeded the size limit'),
      }
      return NOTHING
    }
    const parts: Uint8Array[] = []
    let visible = false
    this.#onlyComments = pushed.length > 0 && pushed.every(({ event }) => event === undefined)
    if (!this.#onlyComments) this.#silentMs = 0
    for (const frame of pushed) {
      if (this.#ending !== undefined) {
        parts.push(frame.raw)
        continue
      }
      const meaning = this.#observer.observe(frame)
      if (meaning.kind === 'failure') {
        this.#ending = { kind: 'failure', evidence: meaning.evidence }
        break
      }
      if (chunk !== undefined || isWhole(frame)) parts.push(frame.raw)
      if (meaning.kind === 'complete') this.#ending = { kind: 'complete' }
      else if (meaning.kind === 'visible') visible = true
    }
    if (chunk === undefined) this.#closed = true
    if (chunk === undefined && this.#ending === undefined) {
      const evidence = this.#observer.end()
      this.#ending = evidence === undefined ? { kind: 'complete' } : { kind: 'failure', evidence }
      // Half a frame, passed on, would swallow the error that is told behind it: the client would see one broken line.
      if (evidence !== undefined) return NOTHING
    }
    return { bytes: joined(parts), visible }
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
  }
}

/** The last frame without its blank line: an event when its data is whole, half a line that no client can read otherwise. */
function isWhole({ event }: SseFrame): boolean {
  return event === undefined || event.data.trim() === '[DONE]' || parseObject(event.data) !== undefined
}

const NOTHING = { bytes: new Uint8Array(0), visible: false }

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  if (first === undefined) return NOTHING.bytes
  if (parts.length === 1) return first
  // Frames of one chunk lie behind each other: nothing need be copied.
  let end = first.byteOffset
  for (const part of parts) {
    if (part.buffer !== first.buffer || part.byteOffset !== end) return Buffer.concat(parts)
    end += part.byteLength
  }
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset)
}

function thrown(name: string, message: string): WireEvidence {
  return { channel: 'end', error: { name, message } }
}
