import type { WireName } from './wire.ts'

type Json = Readonly<Record<string, unknown>>

/** State in a request that only the account (or vendor) that made it can read. */
export interface BoundState {
  /** The opaque texts themselves: encrypted reasoning, signatures of thinking. */
  blobsOf(body: Json): readonly string[]
  /**
   * The same request without the items that carry these texts. Everything else stays: what was said in words goes along.
   * @returns the body, and the names of what was left out
   */
  without(body: Json, foreign: ReadonlySet<string>): { readonly body: Json; readonly dropped: readonly string[] }
}

const NOTHING: BoundState = { blobsOf: () => [], without: (body) => ({ body, dropped: [] }) }

/** Per protocol. Chat Completions carries none. */
export const BOUND_STATE: Readonly<Record<WireName, BoundState>> = {
  responses: { blobsOf: reasoningBlobs, without: withoutReasoning },
  messages: { blobsOf: thinkingBlobs, without: withoutThinking },
  'chat-completions': NOTHING,
}

function reasoningBlobs(body: Json): readonly string[] {
  const blobs: string[] = []
  for (const item of listOf(body['input'])) {
    const blob = encryptedOf(item)
    if (blob !== undefined) blobs.push(blob)
  }
  return blobs
}

/** A reasoning item without its encrypted part is refused by backends that store nothing, so the whole item goes. */
function withoutReasoning(body: Json, foreign: ReadonlySet<string>) {
  const input = listOf(body['input'])
  const kept = input.filter((item) => {
    const blob = encryptedOf(item)
    return blob === undefined || !foreign.has(blob)
  })
  if (kept.length === input.length) return { body, dropped: [] }
  return { body: { ...body, input: kept }, dropped: ['input.reasoning.encrypted_content'] }
}

function encryptedOf(item: unknown): string | undefined {
  const blob = objectOf(item)?.['encrypted_content']
  return typeof blob === 'string' && blob !== '' ? blob : undefined
}

function thinkingBlobs(body: Json): readonly string[] {
  const blobs: string[] = []
  for (const message of listOf(body['messages'])) {
    for (const block of listOf(objectOf(message)?.['content'])) {
      const blob = signatureOf(block)
      if (blob !== undefined) blobs.push(blob)
    }
  }
  return blobs
}

/**
 * Thinking without a valid signature is refused. Where the last turn of the assistant called a tool, thinking must be replayed with it:
 * without it, this one call has to go on without thinking.
 */
function withoutThinking(body: Json, foreign: ReadonlySet<string>) {
  const messages = listOf(body['messages'])
  const lastAssistant = messages.findLastIndex((message) => objectOf(message)?.['role'] === 'assistant')
  let changed = false
  let needsThinkingOff = false
  const kept = messages.map((message, index) => {
    const turn = objectOf(message)
    const content = listOf(turn?.['content'])
    const blocks = content.filter((block) => {
      const blob = signatureOf(block)
      return blob === undefined || !foreign.has(blob)
    })
    if (turn === undefined || blocks.length === content.length) return message
    changed = true
    if (index === lastAssistant && blocks.some((block) => objectOf(block)?.['type'] === 'tool_use'))
      needsThinkingOff = true
    // A turn of nothing but thinking: an empty list would be refused.
    return { ...turn, content: blocks.length > 0 ? blocks : [{ type: 'text', text: '(thinking)' }] }
  })
  if (!changed) return { body, dropped: [] }
  const { thinking, ...rest } = body
  const off = needsThinkingOff && thinking !== undefined
  return {
    body: { ...(off ? rest : body), messages: kept },
    dropped: off ? ['messages.thinking', 'thinking'] : ['messages.thinking'],
  }
}

/** Empty where nobody signed: thinking of another vendor that was told in this protocol. */
function signatureOf(block: unknown): string | undefined {
  const each = objectOf(block)
  const blob =
    each?.['type'] === 'thinking'
      ? each['signature']
      : each?.['type'] === 'redacted_thinking'
        ? each['data']
        : undefined
  return typeof blob === 'string' ? blob : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}

function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}
