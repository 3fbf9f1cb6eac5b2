/** A parsed event: what an SSE client would dispatch. */
export interface SseEvent {
  /** The `event:` field; empty when the frame has none. */
  readonly name: string
  /** `data:` lines joined with a line feed. */
  readonly data: string
  /** llama.cpp's non-standard `error: {...}` field. */
  readonly errorField?: string
}

/** One frame of a stream with its exact bytes: joining all `raw`s gives back the stream. */
export interface SseFrame {
  readonly raw: Uint8Array
  /** Absent for frames that dispatch nothing: comments, blank lines, `id:` or `retry:` alone. */
  readonly event?: SseEvent
}

export interface FrameTooLarge {
  readonly kind: 'too_large'
}

const DATA = 'data: '
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const DEFAULT_LARGEST_FRAME_BYTES = 32 * 1024 * 1024
/** A frame that drips in byte by byte would otherwise cost an object for every byte. */
const MOST_SMALL_PARTS = 1024
const TOO_LARGE: FrameTooLarge = { kind: 'too_large' }

/**
 * Cuts a byte stream into SSE frames at blank lines (LF, CRLF or CR, mixed as they come), wherever the chunks were split.
 * Works on bytes because the bytes are what is passed on; each byte is looked at once, however small the chunks are.
 */
export class SseFramer {
  readonly #largestFrameBytes: number
  /** Chunks (or parts of them) of the frame that is still open. */
  #open: Uint8Array[] = []
  #openBytes = 0
  /** Parts at the end of `#open` that were not yet joined with their neighbours. */
  #smallParts = 0
  #lineIsEmpty = true
  #lastWasCarriageReturn = false
  /** The blank line was ended by CR: an LF right behind it still belongs to this frame. */
  #closedByCarriageReturn = false
  #first = true

  /** @param largestFrameBytes a never-ending line is answered with `too_large` past this @default 32 MiB */
  constructor(largestFrameBytes: number = DEFAULT_LARGEST_FRAME_BYTES) {
    this.#largestFrameBytes = largestFrameBytes
  }

  /** @returns the frames that this chunk completed, or `too_large`: then nothing more can be framed */
  push(chunk: Uint8Array): SseFrame[] | FrameTooLarge {
    // Nearly every stream ends its lines with a line feed alone; those are found faster than bytes are walked.
    if (!this.#closedByCarriageReturn && !this.#lastWasCarriageReturn && !chunk.includes(CARRIAGE_RETURN))
      return this.#pushLines(chunk)
    const frames: SseFrame[] = []
    let start = 0
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index]
      if (this.#closedByCarriageReturn) {
        this.#closedByCarriageReturn = false
        const end = byte === LINE_FEED ? index + 1 : index
        this.#keep(chunk.subarray(start, end))
        frames.push(this.#close())
        start = end
        this.#lastWasCarriageReturn = false
        if (byte === LINE_FEED) continue
      }
      if (byte === LINE_FEED) {
        if (this.#lastWasCarriageReturn) {
          this.#lastWasCarriageReturn = false
          continue
        }
        if (this.#lineIsEmpty) {
          this.#keep(chunk.subarray(start, index + 1))
          frames.push(this.#close())
          start = index + 1
        }
        this.#lineIsEmpty = true
      } else if (byte === CARRIAGE_RETURN) {
        if (this.#lineIsEmpty) this.#closedByCarriageReturn = true
        this.#lineIsEmpty = true
        this.#lastWasCarriageReturn = true
      } else {
        this.#lineIsEmpty = false
        this.#lastWasCarriageReturn = false
      }
    }
    this.#keep(chunk.subarray(start))
    return this.#openBytes > this.#largestFrameBytes ? TOO_LARGE : frames
  }

  /** A chunk without any carriage return. */
  #pushLines(chunk: Uint8Array): SseFrame[] | FrameTooLarge {
    const frames: SseFrame[] = []
    let start = 0
    let line = 0
    for (;;) {
      const feed = chunk.indexOf(LINE_FEED, line)
      if (feed === -1) break
      if (feed === line && this.#lineIsEmpty) {
        this.#keep(chunk.subarray(start, feed + 1))
        frames.push(this.#close())
        start = feed + 1
      }
      this.#lineIsEmpty = true
      line = feed + 1
    }
    if (line < chunk.length) this.#lineIsEmpty = false
    this.#keep(chunk.subarray(start))
    return this.#openBytes > this.#largestFrameBytes ? TOO_LARGE : frames
  }

  /** The end of the stream: an event without its blank line is still an event (parsers that drop it lose terminal events). */
  finish(): SseFrame[] {
    if (this.#openBytes === 0) return []
    this.#closedByCarriageReturn = false
    return [this.#close()]
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#open.push(bytes)
    this.#openBytes += bytes.length
    this.#smallParts += 1
    if (this.#smallParts < MOST_SMALL_PARTS) return
    this.#open.push(Buffer.concat(this.#open.splice(-MOST_SMALL_PARTS)))
    this.#smallParts = 0
  }

  #close(): SseFrame {
    const only = this.#open.length === 1 ? this.#open[0] : undefined
    const raw = only ?? Buffer.concat(this.#open)
    this.#open = []
    this.#openBytes = 0
    this.#smallParts = 0
    this.#lineIsEmpty = true
    const event = parseFrame(raw, this.#first)
    this.#first = false
    return event === undefined ? { raw } : { raw, event }
  }
}

function parseFrame(raw: Uint8Array, mayHaveByteOrderMark: boolean): SseEvent | undefined {
  let text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8')
  if (mayHaveByteOrderMark && text.startsWith('\ufeff')) text = text.slice(1)
  // One line of data, as most events are.
  if (text.startsWith(DATA) && !text.includes('\r') && text.indexOf('\n') === text.length - 2 && text.endsWith('\n\n'))
    return { name: '', data: text.slice(DATA.length, -2) }
  let name = ''
  let data: string | undefined
  let errorField: string | undefined
  for (const line of text.includes('\r') ? text.split(/\r\n|\n|\r/) : text.split('\n')) {
    if (line === '' || line.startsWith(':')) continue
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const rest = colon === -1 ? '' : line.slice(colon + 1)
    const value = rest.startsWith(' ') ? rest.slice(1) : rest
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (field === 'event') name = value
    else if (field === 'error') errorField = value
  }
  if (data === undefined && errorField === undefined) return undefined
  return { name, data: data ?? '', ...(errorField === undefined ? {} : { errorField }) }
}

/** One event as it goes over the wire. `data` must not contain line breaks (JSON text does not). */
export function encodeSse(event: { readonly name?: string; readonly data: string }): string {
  const name = event.name === undefined ? '' : `event: ${event.name}\n`
  return `${name}data: ${event.data}\n\n`
}
