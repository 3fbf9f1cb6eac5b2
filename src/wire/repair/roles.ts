import { asArray, asObject, asText, type JsonObject } from '../json.ts'
import { isEmptyContent } from './image-parts.ts'
import { changeBody, type Mender, mendIfChanged } from './repair.ts'

const REFUSED =
  /roles? must alternate|should alternate|must alternate|roles? in a row|unexpected role|invalid role|expected last role|first (?:message|turn|content)[^.]{0,40}(?:user|role)|must (?:start|begin) with (?:a )?user|system message must be|assistant message prefill|must end with a user|non-empty content|text content blocks must be non-empty|text field [^]{0,80} is blank|cannot end with trailing whitespace|is not one of \[[^\]]*'(?:system|user|assistant)'|role[^.]{0,40}(?:input should be|does not support|must be one of)/i

const GO_ON = 'Go on.'
const NOTED = 'Noted.'
const NO_OUTPUT = '(no output)'
const EARLIER = '(The conversation goes on from here.)'

/** Puts the turns of a conversation into the order that the provider wants. What was said stays; a turn that only fills a place is added where one is missing. */
export const mendRoles: Mender = ({ message }, request) => {
  if (request.wire === 'responses' || !REFUSED.test(message)) return undefined
  const wishes: Wishes = {
    noDeveloper: /developer/i.test(message),
    noSystemInside: /system/i.test(message) || /alternate/i.test(message) || request.wire === 'messages',
    userBehindTool: /['"]user['"] after (?:role )?['"]tool['"]/i.test(message),
    userLast: /prefill|must end with a user|expected last role/i.test(message),
  }
  const change = changeBody((body, wire) => mended(wire === 'messages', body, wishes))
  return mendIfChanged('turns', request, change)
}

interface Wishes {
  readonly noDeveloper: boolean
  readonly noSystemInside: boolean
  readonly userBehindTool: boolean
  readonly userLast: boolean
}

function mended(isMessages: boolean, body: JsonObject, wishes: Wishes): JsonObject {
  const given = asArray(body['messages']).map((each) => asObject(each) ?? {})
  let turns = given
    .map((turn) => (wishes.noDeveloper && turn['role'] === 'developer' ? { ...turn, role: 'system' } : turn))
    .map(withoutBlankText)
    .map((turn) => (isToolTurn(turn) && isEmptyContent(turn['content']) ? { ...turn, content: NO_OUTPUT } : turn))
    .filter(
      (turn) =>
        !isEmptyContent(turn['content']) || turn['tool_calls'] !== undefined || turn['function_call'] !== undefined,
    )
  const instructions = wishes.noSystemInside ? turns.filter(isInstruction) : []
  if (instructions.length > 0) turns = turns.filter((turn) => !isInstruction(turn))
  turns = joined(turns, isMessages)
  const first = turns.find((turn) => !isInstruction(turn))
  if (first?.['role'] === 'assistant') turns.splice(turns.indexOf(first), 0, { role: 'user', content: EARLIER })
  if (wishes.userBehindTool)
    turns = turns.flatMap((turn, index) =>
      followsTool(turns, index) ? [{ role: 'assistant', content: NOTED }, turn] : [turn],
    )
  const last = turns.at(-1)
  if (last?.['role'] === 'assistant' && last['tool_calls'] === undefined) {
    if (wishes.userLast) turns.push({ role: 'user', content: GO_ON })
    else turns[turns.length - 1] = withoutTrailingBlanks(last)
  }
  const messages = isMessages || instructions.length === 0 ? turns : [joinedTurn(instructions, 'system'), ...turns]
  const unchanged = messages.length === given.length && messages.every((turn, index) => turn === given[index])
  if (unchanged) return body
  if (!isMessages || instructions.length === 0) return { ...body, messages }
  const system = [...partsOf(body['system']), ...instructions.flatMap(({ content }) => partsOf(content))]
  return { ...body, system, messages }
}

function isInstruction({ role }: JsonObject): boolean {
  return role === 'system' || role === 'developer'
}

/** A command that printed nothing has an answer all the same: without it, its call would have none. */
function isToolTurn({ role }: JsonObject): boolean {
  return role === 'tool' || role === 'function'
}

function followsTool(turns: readonly JsonObject[], index: number): boolean {
  return turns[index]?.['role'] === 'user' && turns[index - 1]?.['role'] === 'tool'
}

/** Neighbours of one role as one turn. Every tool result stays a message of its own. */
function joined(turns: readonly JsonObject[], isMessages: boolean): JsonObject[] {
  const kept: JsonObject[] = []
  for (const turn of turns) {
    const last = kept.at(-1)
    const role = asText(turn['role'])
    if (last === undefined || last['role'] !== role || role === 'tool' || role === 'function' || role === '')
      kept.push(turn)
    else kept[kept.length - 1] = joinedTurn([last, turn], role, isMessages)
  }
  return kept
}

function joinedTurn(turns: readonly JsonObject[], role: string, isMessages = false): JsonObject {
  if (turns.length === 1) return turns[0]?.['role'] === role ? turns[0] : { ...turns[0], role }
  const texts = turns.map(({ content }) => content).filter((content) => !isEmptyContent(content))
  const calls = turns.flatMap((turn) => asArray(turn['tool_calls']))
  const plain = texts.every((content) => typeof content === 'string')
  const parts = texts.flatMap(partsOf)
  // Results stand before words, or they no longer answer the calls right before them.
  const ordered = isMessages ? [...parts.filter(isResult), ...parts.filter((part) => !isResult(part))] : parts
  const content = texts.length === 0 ? null : plain ? texts.join('\n\n') : ordered
  return {
    ...Object.assign({}, ...turns),
    role,
    content,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  } as JsonObject
}

function isResult(part: unknown): boolean {
  return asObject(part)?.['type'] === 'tool_result'
}

function partsOf(content: unknown): readonly unknown[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return asArray(content)
}

function withoutBlankText(turn: JsonObject): JsonObject {
  const { content } = turn
  if (typeof content === 'string') return content.trim() === '' && content !== '' ? { ...turn, content: '' } : turn
  const parts = asArray(content)
  const kept = parts.filter(
    (part) => asObject(part)?.['type'] !== 'text' || asText(asObject(part)?.['text']).trim() !== '',
  )
  return kept.length === parts.length ? turn : { ...turn, content: kept }
}

function withoutTrailingBlanks(turn: JsonObject): JsonObject {
  const { content } = turn
  if (typeof content === 'string') return content === content.trimEnd() ? turn : { ...turn, content: content.trimEnd() }
  const parts = asArray(content)
  const last = asObject(parts.at(-1))
  const text = asText(last?.['text'])
  if (last?.['type'] !== 'text' || text === text.trimEnd()) return turn
  return { ...turn, content: [...parts.slice(0, -1), { ...last, text: text.trimEnd() }] }
}
