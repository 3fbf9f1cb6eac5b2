import { asObject, type JsonObject } from './json.ts'
import type { WireEvidence } from './wire.ts'

/**
 * Error marks that every wire's 200 bodies and events may carry, whoever the provider is: relays put one protocol's error into another's stream.
 * @returns true when the object says that it is an error rather than (a part of) an answer
 */
export function saysError(object: JsonObject): boolean {
  if (object['type'] === 'error') return true
  const { error } = object
  if (typeof error === 'string' && error !== '') return true
  if (asObject(error) !== undefined) return true
  // Field names of relays whose frames were shown as an "empty stream" (68451).
  if (typeof object['error_message'] === 'string' || typeof object['error_type'] === 'string') return true
  const baseStatus = asObject(object['base_resp'])?.['status_code']
  return typeof baseStatus === 'number' && baseStatus !== 0
}

/** A whole 200 body that is an error whatever the wire: empty, HTML, not JSON, or an error object. @param object the same body, parsed */
export function generalBodyFailure(text: string, object: JsonObject | undefined): WireEvidence | undefined {
  if (text.trim() === '') return { channel: 'end', error: { name: 'EmptyBody', message: 'a 200 without a body' } }
  if (object === undefined) return arrayFailure(text) ?? { channel: 'body', body: text, error: notJson(text) }
  return saysError(object) ? { channel: 'body', body: text } : undefined
}

/** Google's compatible endpoint wraps its error object into an array. */
function arrayFailure(text: string): WireEvidence | undefined {
  if (!text.trimStart().startsWith('[')) return undefined
  try {
    const [first] = JSON.parse(text) as unknown[]
    const object = asObject(first)
    return object !== undefined && saysError(object) ? { channel: 'body', body: text } : undefined
  } catch {
    return undefined
  }
}

function notJson(text: string): { name: string; message: string } {
  const html = /^\s*<(!doctype|html|head|body|\?xml)/i.test(text)
  return html
    ? { name: 'HtmlBody', message: 'an HTML page came instead of an answer' }
    : { name: 'MalformedBody', message: 'the body is not complete JSON' }
}

/** A stream that ended although its terminal event had not come. */
export function missingTerminal(seen: {
  readonly output: boolean
  readonly frames: boolean
  readonly what: string
}): WireEvidence {
  const name = seen.frames ? 'MissingTerminalEvent' : 'EmptyStream'
  const message = seen.frames
    ? `the stream ended without ${seen.what}${seen.output ? ' after output had begun' : ''}`
    : 'the stream ended without a single event'
  return { channel: 'end', error: { name, message } }
}
