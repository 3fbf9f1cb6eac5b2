import { BOUND_STATE } from '../bound-state.ts'
import { asArray, asObject, asText, type JsonObject, mapped } from '../json.ts'
import { changeBody, type Mender, mendIfChanged } from './repair.ts'

const UNREADABLE =
  /encrypted[ _]content.{0,80}(?:could not be (?:verified|decrypted)|was not issued)|item with id '?rs_[^']*'? not found|items are not persisted/i
const UNSIGNED =
  /invalid .?(?:thought)?signature|bound to a different conversation|.?(?:redacted_)?thinking.? blocks [^]{0,120}cannot be modified/i
const THINKING_MISSING =
  /expected .?thinking.?|must start with a thinking block|reasoning_content .{0,20}(?:is )?missing|missing .?reasoning_content/i

/** Leaves out encrypted reasoning that the provider cannot read. */
export const mendUnreadableState: Mender = ({ code, message }, request) => {
  if (request.wire !== 'responses' || (code !== 'invalid_encrypted_content' && !UNREADABLE.test(message)))
    return undefined
  const change = changeBody((body) => {
    const { blobsOf, without } = BOUND_STATE.responses
    return withoutStoredReasoning(without(body, new Set(blobsOf(body))).body)
  })
  return mendIfChanged('input.reasoning', request, change)
}

/** Leaves out thinking whose signature is refused; where thinking is demanded that is not there, the call goes on without it. */
export const mendRefusedThinking: Mender = ({ message }, request) => {
  const missing = THINKING_MISSING.test(message)
  if (!missing && !UNSIGNED.test(message)) return undefined
  if (request.wire === 'messages') {
    const change = changeBody((body) => {
      const { blobsOf, without } = BOUND_STATE.messages
      const readable = without(body, new Set(blobsOf(body))).body
      const { thinking, ...rest } = readable
      return missing && thinking !== undefined ? rest : readable
    })
    return mendIfChanged('messages.thinking', request, change)
  }
  if (request.wire === 'chat-completions' && missing)
    return mendIfChanged('reasoning_content', request, changeBody(withReasoning))
  return undefined
}

/** Reasoning that only its id stands for: the provider kept nothing. */
function withoutStoredReasoning(body: JsonObject): JsonObject {
  const input = asArray(body['input'])
  const kept = input.filter((item) => {
    const { type, id } = asObject(item) ?? {}
    return type !== 'reasoning' && !(type === 'item_reference' && asText(id).startsWith('rs_'))
  })
  return kept.length === input.length ? body : { ...body, input: kept }
}

/** Vendors that think on demand a note of it beside every call; clients of other vendors kept none. */
function withReasoning(body: JsonObject): JsonObject {
  const messages = asArray(body['messages'])
  const mended = mapped(messages, (each) => {
    const turn = asObject(each)
    const lacks =
      turn?.['role'] === 'assistant' && turn['tool_calls'] !== undefined && asText(turn['reasoning_content']) === ''
    return lacks ? { ...turn, reasoning_content: '(not kept)' } : each
  })
  return mended === messages ? body : { ...body, messages: mended }
}
