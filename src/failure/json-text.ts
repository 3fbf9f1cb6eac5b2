/** A JSON object as parsed: nothing is known about its fields. */
export type JsonRecord = Readonly<Record<string, unknown>>

/** @returns the value when it is a plain object */
export function asRecord(value: unknown): JsonRecord | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : undefined
}

/**
 * Reads the JSON value that a text is, or the first object that it contains (`429 {"error":...}`, `Error code: 400 - {'error': ...}`).
 * Python's way of printing a dict is understood: SDKs put it into messages.
 * @returns undefined when there is none
 */
export function findJson(text: string): { readonly value: unknown; readonly before: string } | undefined {
  const trimmed = text.trim()
  // A sentence is no JSON: an exception for each of them was half of the cost of a verdict.
  const whole = /^[{["]/.test(trimmed) ? parse(trimmed) : undefined
  if (typeof whole === 'object' && whole !== null) return { value: whole, before: '' }
  // A JSON string that holds JSON: one more layer of quoting.
  if (typeof whole === 'string' && whole !== trimmed) return findJson(whole)
  const start = trimmed.search(/[{[]\s*[{"']/)
  if (start === -1) return undefined
  const piece = balanced(trimmed.slice(start))
  if (piece === undefined) return undefined
  const value = parse(piece) ?? parse(fromPython(piece))
  return typeof value === 'object' && value !== null ? { value, before: trimmed.slice(0, start) } : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The text up to the bracket that closes the first one; quotes of both kinds are respected. */
function balanced(text: string): string | undefined {
  let depth = 0
  let quote = ''
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? ''
    if (quote !== '') {
      if (character === '\\') index += 1
      else if (character === quote) quote = ''
    } else if (character === '"' || (character === "'" && !/\w/.test(text[index - 1] ?? ''))) quote = character
    else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') {
      depth -= 1
      if (depth === 0) return text.slice(0, index + 1)
    }
  }
  return undefined
}

/** What differs between a Python string and a JSON one. Escapes are read whole: in `\\\\"` the backslash belongs to its pair and not to the quote. */
const PYTHON_TOKEN = /\\(?:x([0-9a-f]{2})|([\s\S]))|["\n]/gi

function jsonToken(whole: string, hex: string | undefined, escaped: string | undefined): string {
  if (hex !== undefined) return `\\u00${hex}`
  if (escaped !== undefined) return escaped === "'" ? "'" : whole
  return whole === '"' ? '\\"' : '\\n'
}

/** `{'a': None, 'b': "it's"}` as JSON text. */
function fromPython(text: string): string {
  let out = ''
  let index = 0
  while (index < text.length) {
    const character = text[index] ?? ''
    if (character === "'" || character === '"') {
      const end = closing(text, index)
      out += `"${text.slice(index + 1, end).replace(PYTHON_TOKEN, jsonToken)}"`
      index = end + 1
      continue
    }
    const word = /^(None|True|False)\b/.exec(text.slice(index, index + 6))?.[0]
    out += word === undefined ? character : word === 'None' ? 'null' : word.toLowerCase()
    index += word?.length ?? 1
  }
  return out
}

function closing(text: string, start: number): number {
  const quote = text[start]
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1
    else if (text[index] === quote) return index
  }
  return text.length
}
