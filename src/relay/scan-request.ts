/** What the gateway needs of a request body. */
export interface ScannedRequest {
  /** Absent when the body has none, or one that is not a string. */
  readonly model?: string
  readonly stream: boolean
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const COLON = 0x3a
const COMMA = 0x2c
const DEEPEST = 512
const LITERALS: Readonly<Record<number, Uint8Array>> = {
  0x74: Buffer.from('true'),
  0x66: Buffer.from('false'),
  0x6e: Buffer.from('null'),
}

/**
 * One look at a JSON object without building it: whether it is well-formed, and its `model` and `stream`. A conversation of 200 KB takes a third of
 * the time that parsing does, and leaves no garbage.
 * @param bytes valid UTF-8
 * @returns undefined when this is not plainly a well-formed object: whoever asked parses it then and finds out what is wrong
 */
export function scanRequest(bytes: Uint8Array): ScannedRequest | undefined {
  return new Scan(bytes).request()
}

class Scan {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  request(): ScannedRequest | undefined {
    let model: string | undefined
    let stream = false
    if (this.#next() !== OPEN_OBJECT) return undefined
    this.#at += 1
    if (this.#next() === CLOSE_OBJECT) this.#at += 1
    else
      for (;;) {
        const name = this.#text()
        if (name === undefined || this.#next() !== COLON) return undefined
        this.#at += 1
        this.#next()
        const from = this.#at
        if (!this.#value()) return undefined
        // The last one wins, as it does for a parser.
        if (name === 'model') model = this.#stringAt(from)
        else if (name === 'stream') stream = this.#bytes[from] === 0x74
        const then = this.#next()
        this.#at += 1
        if (then === CLOSE_OBJECT) break
        if (then !== COMMA) return undefined
        this.#next()
      }
    this.#next()
    if (this.#at !== this.#bytes.length) return undefined
    return model === undefined ? { stream } : { model, stream }
  }

  /** Skips white space. @returns the byte that stands there */
  #next(): number | undefined {
    const bytes = this.#bytes
    let at = this.#at
    while (at < bytes.length) {
      const byte = bytes[at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
      at += 1
    }
    this.#at = at
    return bytes[at]
  }

  /** A name of the outermost object; one with escapes is unescaped. */
  #text(): string | undefined {
    const from = this.#at
    if (!this.#string()) return undefined
    return this.#stringAt(from)
  }

  #stringAt(from: number): string | undefined {
    if (this.#bytes[from] !== QUOTE) return undefined
    const { buffer, byteOffset } = this.#bytes
    const text = Buffer.from(buffer, byteOffset + from, this.#at - from).toString('utf8')
    const end = text.lastIndexOf('"')
    return text.includes('\\') ? (JSON.parse(text.slice(0, end + 1)) as string) : text.slice(1, end)
  }

  /** Any value, however deep, without recursion. */
  #value(): boolean {
    /** Which closing byte each open level waits for. */
    const open: number[] = []
    for (;;) {
      const byte = this.#next()
      if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        if (open.length >= DEEPEST) return false
        this.#at += 1
        const close = byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_LIST
        if (this.#next() === close) this.#at += 1
        else {
          open.push(close)
          if (close === CLOSE_OBJECT && !this.#name()) return false
          continue
        }
      } else if (!this.#scalar(byte)) return false
      for (;;) {
        const close = open.at(-1)
        if (close === undefined) return true
        const then = this.#next()
        this.#at += 1
        if (then === close) {
          open.pop()
          continue
        }
        if (then !== COMMA) return false
        this.#next()
        if (close === CLOSE_OBJECT && !this.#name()) return false
        break
      }
    }
  }

  #name(): boolean {
    if (!this.#string() || this.#next() !== COLON) return false
    this.#at += 1
    return true
  }

  #scalar(byte: number | undefined): boolean {
    if (byte === QUOTE) return this.#string()
    if (byte === undefined) return false
    const literal = LITERALS[byte]
    if (literal === undefined) return this.#number()
    for (let index = 0; index < literal.length; index += 1)
      if (this.#bytes[this.#at + index] !== literal[index]) return false
    this.#at += literal.length
    return true
  }

  #string(): boolean {
    const bytes = this.#bytes
    let at = this.#at
    if (bytes[at] !== QUOTE) return false
    const end = bytes.length
    for (at += 1; at < end; at += 1) {
      const byte = bytes[at] as number
      if (byte === QUOTE) {
        this.#at = at + 1
        return true
      }
      if (byte < 0x20) return false
      if (byte !== BACKSLASH) continue
      at += 1
      const escaped = bytes[at]
      if (escaped === 0x75) {
        for (let digit = 1; digit <= 4; digit += 1) if (!isHex(bytes[at + digit])) return false
        at += 4
      } else if (!isEscape(escaped)) return false
    }
    return false
  }

  #number(): boolean {
    const bytes = this.#bytes
    if (bytes[this.#at] === 0x2d) this.#at += 1
    if (bytes[this.#at] === 0x30) this.#at += 1
    else if (!this.#digits()) return false
    if (bytes[this.#at] === 0x2e) {
      this.#at += 1
      if (!this.#digits()) return false
    }
    if (((bytes[this.#at] ?? 0) | 0x20) === 0x65) {
      this.#at += 1
      const sign = bytes[this.#at]
      if (sign === 0x2b || sign === 0x2d) this.#at += 1
      if (!this.#digits()) return false
    }
    return true
  }

  #digits(): boolean {
    const from = this.#at
    while (isDigit(this.#bytes[this.#at])) this.#at += 1
    return this.#at > from
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const lower = byte | 0x20
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66)
}

/** One of `"\/bfnrt`. */
function isEscape(byte: number | undefined): boolean {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true
    default:
      return false
  }
}
