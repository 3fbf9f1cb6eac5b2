import { stableHash } from './stable-hash.ts'

/** Which tool-call ids a side takes. */
export type IdForm =
  /** At most 64 of letters, digits, `_` and `-`: fits OpenAI and Anthropic. */
  | 'common'
  /** Mistral: exactly nine letters and digits. */
  | 'nine'

const MARK = 'skid_'
const LONGEST = 64

/**
 * The same id in a form that the other side takes. The same text gives the same id, so a call and its result stay a pair
 * wherever they stand; what fits is not touched.
 */
export function callIdFor(id: string, form: IdForm): string {
  if (form === 'nine') return /^[a-zA-Z0-9]{9}$/.test(id) ? id : stableHash(id).slice(0, 9)
  if (/^[a-zA-Z0-9_-]{1,64}$/.test(id) && !id.startsWith(MARK)) return id
  let escaped = MARK
  for (const byte of Buffer.from(id)) {
    const character = String.fromCharCode(byte)
    escaped += /[a-zA-Z0-9-]/.test(character) ? character : `_${byte.toString(16).padStart(2, '0')}`
  }
  return escaped.length <= LONGEST ? escaped : `call_${stableHash(id)}`
}

/** The upstream's own id behind one that `callIdFor` wrote for the caller. */
export function originalCallId(id: string): string {
  if (!id.startsWith(MARK)) return id
  const bytes: number[] = []
  const text = id.slice(MARK.length)
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '_') {
      bytes.push(Number.parseInt(text.slice(index + 1, index + 3), 16))
      index += 2
    } else bytes.push(text.charCodeAt(index))
  }
  return Buffer.from(bytes).toString()
}
