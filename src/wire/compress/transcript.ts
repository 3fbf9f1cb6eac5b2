import { asArray, asObject, asText, type JsonObject } from '../json.ts'
import type { Step } from './conversation-steps.ts'

/** Of one message this much is worth a summary. */
const LONGEST_PIECE = 2_000
/** What a small model can read. */
const LONGEST_TRANSCRIPT = 120_000

/** What was said and done, in words, for somebody who summarises it. Bytes of images and opaque state are left out. */
export function transcriptOf(steps: readonly Step[]): string {
  const lines = steps.flatMap(({ messages }) => messages.map(lineOf)).filter((line) => line !== '')
  const text = lines.join('\n')
  if (text.length <= LONGEST_TRANSCRIPT) return text
  const half = LONGEST_TRANSCRIPT / 2
  return `${text.slice(0, half)}\n[...]\n${text.slice(-half)}`
}

function lineOf(message: JsonObject): string {
  const who = asText(message['role']) || asText(message['type'])
  const words = wordsOf(message, 0).join(' ').trim()
  return words === ''
    ? ''
    : `${who}: ${words.length > LONGEST_PIECE ? `${words.slice(0, LONGEST_PIECE)} [...]` : words}`
}

/** Members that hold what was said or done. */
const TOLD = ['text', 'name', 'content', 'arguments', 'input', 'output', 'refusal', 'tool_calls', 'function', 'summary']

function wordsOf(value: unknown, depth: number): readonly string[] {
  if (typeof value === 'string') return [value]
  if (depth > 6) return []
  if (Array.isArray(value)) return value.flatMap((each: unknown) => wordsOf(each, depth + 1))
  const object = asObject(value)
  if (object === undefined) return []
  // The input of a call is the caller's own JSON.
  if (object['type'] === 'tool_use') return [asText(object['name']), JSON.stringify(object['input'] ?? {})]
  return TOLD.flatMap((member) => wordsOf(object[member], depth + 1))
}

/** The messages of a request that are objects, or nothing when one is not. */
export function messagesOf(list: unknown): readonly JsonObject[] | undefined {
  if (!Array.isArray(list)) return undefined
  const objects = asArray(list).map(asObject)
  return objects.every((each) => each !== undefined) ? (objects as readonly JsonObject[]) : undefined
}
