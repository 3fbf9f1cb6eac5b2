import { formsOf } from './secret-forms.ts'
import { maskShapes } from './secret-shapes.ts'

const MASK = '[redacted]'
/** Shorter ones would mask ordinary words. */
const SHORTEST_SECRET = 8
const DEEPEST = 12
const LONGEST_REMEMBERED = 80
const MOST_REMEMBERED = 2_000

/** Fields whose value is a secret whatever it looks like: names of headers, query parameters and JSON fields. */
const SECRET_FIELD =
  /^(?:(?:proxy-)?authorization|(?:.*[-_.])?cookie2?|.*(?:api[-_]?key|token|secret|password|passwd|passphrase|private[-_]?key|verifier))$/i

/** Our own names of calls and credentials. A new one comes with every call, and looking through each cost as much as all other texts of a log line. */
const OWN_ID = /^(?:call|cred)_[0-9a-z]{20}$/

/** Removes secrets from text and plain data before anything is written anywhere (invariant I12). */
export class Redactor {
  readonly #known = new Set<string>()
  readonly #forms = new Set<string>()
  /** Short texts in which nothing was found: field names, providers and labels come with every call. Never holds a secret. */
  readonly #clean = new Set<string>()
  /** The longest first: a part must not be masked away from under the whole. */
  #sorted: readonly string[] = []

  /** @param known secrets to begin with */
  constructor(known: Iterable<string> = []) {
    for (const secret of known) this.add(secret)
  }

  /** Makes a secret known, so that it is masked wherever and however it turns up. One under 8 characters is left out: it would mask ordinary words. */
  add(secret: string): void {
    if (secret.length < SHORTEST_SECRET || this.#known.has(secret)) return
    this.#known.add(secret)
    this.#clean.clear()
    for (const form of formsOf(secret)) if (form.length >= SHORTEST_SECRET) this.#forms.add(form)
    this.#sorted = [...this.#forms].sort((left, right) => right.length - left.length)
  }

  /** The text with every known secret, in any encoding, and everything that is shaped like a secret masked. */
  text(text: string): string {
    if (this.#clean.has(text) || OWN_ID.test(text)) return text
    const redacted = maskShapes(this.#withoutKnown(text), MASK)
    if (redacted === text && text.length <= LONGEST_REMEMBERED) this.#remember(text)
    return redacted
  }

  #remember(text: string): void {
    if (this.#clean.size >= MOST_REMEMBERED) this.#clean.clear()
    this.#clean.add(text)
  }

  /** A copy of plain data without secrets; depths beyond 12 and rings are cut, bytes are only counted. Never throws. */
  data(value: unknown): unknown {
    return this.#copy(value, [])
  }

  #withoutKnown(text: string): string {
    let clean = text
    for (const form of this.#sorted) if (clean.includes(form)) clean = clean.replaceAll(form, MASK)
    return clean
  }

  /** @param above the objects around this one, outermost first */
  #copy(value: unknown, above: readonly object[]): unknown {
    if (typeof value === 'string') return this.text(value)
    if (typeof value === 'bigint' || typeof value === 'symbol') return this.text(String(value))
    if (typeof value === 'function') return undefined
    if (typeof value !== 'object' || value === null) return value
    if (above.includes(value)) return '[ring]'
    if (above.length > DEEPEST) return '[deep]'
    try {
      return this.#copyObject(value, [...above, value])
    } catch {
      // A getter of somebody else's object threw: a log line is not worth an error.
      return '[unreadable]'
    }
  }

  #copyObject(value: object, above: readonly object[]): unknown {
    if (value instanceof Error) return this.#copyError(value, above)
    // As JSON text the bytes of a secret would be a list of numbers that nothing recognises.
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
    if (value instanceof URL) return this.text(value.href)
    if (Array.isArray(value)) return this.#copyList(value, above)
    if (value instanceof Set) return this.#copyList([...value], above)
    const entries = value instanceof Map || value instanceof Headers ? [...value] : Object.entries(value)
    // Without a prototype an entry named __proto__ is an entry like any other.
    const copy = Object.create(null) as Record<string, unknown>
    for (const [key, each] of entries) {
      const name = typeof key === 'string' ? key : String(key)
      copy[this.text(name)] = this.#copyField(name, each, above)
    }
    return copy
  }

  /** Header lists are pairs: there the name stands beside the value and not above it. */
  #copyList(list: readonly unknown[], above: readonly object[]): unknown[] {
    const [name, value] = list
    if (list.length === 2 && typeof name === 'string' && typeof value === 'string')
      return [this.text(name), this.#copyField(name, value, above)]
    return list.map((each) => this.#copy(each, above))
  }

  #copyField(name: string, value: unknown, above: readonly object[]): unknown {
    const nothing = value === undefined || value === null || value === '' || typeof value === 'boolean'
    return SECRET_FIELD.test(name) && !nothing ? MASK : this.#copy(value, above)
  }

  #copyError(error: Error, above: readonly object[]): unknown {
    const { code } = error as { code?: unknown }
    return {
      name: this.text(error.name),
      message: this.text(error.message),
      ...(typeof code === 'string' ? { code: this.text(code) } : {}),
      ...(error.cause === undefined ? {} : { cause: this.#copy(error.cause, above) }),
    }
  }
}
