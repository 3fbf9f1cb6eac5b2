import { asArray, asObject, asText, type JsonObject } from '../json.ts'
import type { WireName } from '../wire.ts'

/** Where each protocol has its conversation. */
export const CONVERSATION: Readonly<Record<WireName, 'input' | 'messages'>> = {
  responses: 'input',
  'chat-completions': 'messages',
  messages: 'messages',
}

/** What a message (or an item of a Responses request) is, as far as its place among the others goes. */
export interface MessageFacts {
  readonly kind: 'instruction' | 'user' | 'assistant' | 'result'
  /** Ids of the tool calls it makes. */
  readonly calls: readonly string[]
  /** Ids of the calls whose results it holds. */
  readonly results: readonly string[]
}

/** Reads one message of a protocol. */
export const MESSAGE_FACTS: Readonly<Record<WireName, (message: JsonObject) => MessageFacts>> = {
  responses: (item) => {
    const type = asText(item['type']) || 'message'
    if (type === 'message') return spoken(asText(item['role']))
    const id = asText(item['call_id'])
    if (type.endsWith('_output')) return { kind: 'result', calls: [], results: id === '' ? [] : [id] }
    return { kind: 'assistant', calls: id === '' ? [] : [id], results: [] }
  },
  'chat-completions': (message) => {
    const role = asText(message['role'])
    if (role === 'tool') return { kind: 'result', calls: [], results: [asText(message['tool_call_id'])] }
    const calls = asArray(message['tool_calls']).map((call) => asText(asObject(call)?.['id']))
    return { ...spoken(role), calls }
  },
  messages: (message) => {
    const blocks = asArray(message['content']).map((each) => asObject(each) ?? {})
    const ids = (type: string, member: string) =>
      blocks.flatMap((block) => (block['type'] === type ? [asText(block[member])] : []))
    const results = ids('tool_result', 'tool_use_id')
    const facts = spoken(asText(message['role']))
    return { kind: results.length > 0 ? 'result' : facts.kind, calls: ids('tool_use', 'id'), results }
  },
}

function spoken(role: string): MessageFacts {
  const kind = role === 'assistant' ? 'assistant' : role === 'system' || role === 'developer' ? 'instruction' : 'user'
  return { kind, calls: [], results: [] }
}
