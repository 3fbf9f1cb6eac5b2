import { createHash } from 'node:crypto'
import type { Call } from './call.ts'

/** Where an answer's own id stands: in its first bytes. */
const LOOKED_AT = 4_096

/** The answer that this request goes on from; only its account has it. @returns undefined when the request carries its own history */
export function previousResponseOf(call: Call): string | undefined {
  const id = call.wire === 'responses' ? call.body['previous_response_id'] : undefined
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** Under which name the pool remembers who made an answer. */
export function responseKey(id: string): string {
  return `response:${createHash('sha256').update(id).digest('base64url').slice(0, 22)}`
}

/** The id of an answer, when a later request may go on from it: nothing is remembered of what the caller wants not to be stored. */
export function answerId(call: Call, firstBytes: Uint8Array | undefined): string | undefined {
  if (call.wire !== 'responses' || firstBytes === undefined || keepsNothing(call)) return undefined
  const text = Buffer.from(firstBytes.buffer, firstBytes.byteOffset, Math.min(firstBytes.length, LOOKED_AT)).toString()
  return /"id"\s*:\s*"(resp_[\w-]{1,200})"/.exec(text)?.[1]
}

/** A large body is not taken apart to find that it says nothing of this. */
function keepsNothing(call: Call): boolean {
  const { buffer, byteOffset, byteLength } = call.bytes
  return Buffer.from(buffer, byteOffset, byteLength).includes('"store"') && call.body['store'] === false
}

/** Beside the reference the whole conversation is there, so that another account can go on without it. */
export function hasFullHistory(call: Call): boolean {
  const { input } = call.body
  if (!Array.isArray(input)) return false
  return input.some((item: unknown) => {
    if (typeof item !== 'object' || item === null) return false
    const { role, type } = item as { readonly role?: unknown; readonly type?: unknown }
    return role === 'assistant' || type === 'function_call' || type === 'custom_tool_call'
  })
}
