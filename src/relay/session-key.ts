import { createHash } from 'node:crypto'
import type { Call } from './call.ts'

/** Of a text that stands for a conversation this much is looked at. */
const TEXT_LOOKED_AT = 2_000

/**
 * What tells one conversation from another, hashed: calls with the same key stay on the same credential.
 * In order: an explicit header, `prompt_cache_key`, `session-id`, Anthropic's `metadata.user_id`, the first system and the first user text.
 * @returns undefined when nothing tells (an empty request)
 */
export function sessionKeyOf(call: Call): string | undefined {
  for (const read of READERS) {
    const found = read(call)
    if (found !== undefined && found !== '') return createHash('sha256').update(found).digest('base64url').slice(0, 22)
  }
  return undefined
}

const READERS: readonly ((call: Call) => string | undefined)[] = [
  (call) => header(call, 'x-sparekey-session'),
  (call) => textOf(call.body['prompt_cache_key']),
  (call) => header(call, 'session-id') ?? header(call, 'session_id'),
  (call) => textOf(objectOf(call.body['metadata'])?.['user_id']),
  beginning,
]

/** The beginning of a conversation never changes while it grows. */
function beginning(call: Call): string | undefined {
  const { body } = call
  const turns = listOf(body['messages'] ?? body['input'])
  const system = contentText(body['system'] ?? body['instructions']) ?? textOfRole(turns, ['system', 'developer'])
  const user = typeof body['input'] === 'string' ? body['input'] : textOfRole(turns, ['user'])
  if (user === undefined) return undefined
  return `${(system ?? '').slice(0, TEXT_LOOKED_AT)}\n${user.slice(0, TEXT_LOOKED_AT)}`
}

function textOfRole(turns: readonly unknown[], roles: readonly string[]): string | undefined {
  for (const turn of turns) {
    const each = objectOf(turn)
    if (each === undefined || !roles.includes(String(each['role']))) continue
    const text = contentText(each['content'])
    if (text !== undefined) return text
  }
  return undefined
}

/** A string, or the texts of a list of parts. */
function contentText(content: unknown): string | undefined {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return undefined
  let text = ''
  for (const part of content) {
    const piece = objectOf(part)?.['text']
    if (typeof piece === 'string') text += piece
    if (text.length >= TEXT_LOOKED_AT) break
  }
  return text === '' ? undefined : text
}

function header(call: Call, wanted: string): string | undefined {
  for (const [name, value] of call.headers) if (name.toLowerCase() === wanted) return value
  return undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
