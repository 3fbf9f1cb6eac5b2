import { asArray, asObject, asText, type JsonObject, mapped } from '../json.ts'
import type { WireName } from '../wire.ts'

/** Items whose output may be a plain text: those of a computer or a hosted shell have an object or a list there. */
const TEXT_OUTPUTS = new Set(['function_call_output', 'custom_tool_call_output', 'local_shell_call_output'])

/** What is shorter costs less than the note in its place. */
const SHORTEST = 200

const note = (characters: number) =>
  `[A tool output of ${characters} characters was left out: the conversation is long.]`

/** The same message with a note in the place of each long tool output. The call that it answers keeps its answer. */
export const SHORTEN_RESULTS: Readonly<Record<WireName, (message: JsonObject) => JsonObject>> = {
  responses: (item) => (TEXT_OUTPUTS.has(asText(item['type'])) ? shortened(item, 'output') : item),
  'chat-completions': (message) => (message['role'] === 'tool' ? shortened(message, 'content') : message),
  messages: (message) => {
    const blocks = asArray(message['content'])
    const kept = mapped(blocks, (each) => {
      const block = asObject(each)
      return block?.['type'] === 'tool_result' ? shortened(block, 'content') : each
    })
    return kept === blocks ? message : { ...message, content: kept }
  },
}

function shortened(object: JsonObject, member: string): JsonObject {
  const characters = lengthOf(object[member])
  return characters < SHORTEST ? object : { ...object, [member]: note(characters) }
}

/** Length of a JSON value as text. */
export function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : (JSON.stringify(value) ?? '').length
}
