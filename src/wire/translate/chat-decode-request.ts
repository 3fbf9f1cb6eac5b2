import { asArray, asNumber, asObject, asText, type JsonObject } from '../json.ts'
import { readAnswerFormat } from './answer-format.ts'
import { originalCallId } from './call-ids.ts'
import type { Conversation, Part, Tool, ToolChoice, Turn } from './conversation.ts'
import { readFunctionTool } from './function-tool.ts'
import type { LossReport } from './loss-report.ts'
import { sourceOfUrl } from './media.ts'
import { judgeParameters } from './parameters.ts'
import { readParts } from './read-parts.ts'

/** Reads a Chat Completions request. */
export function decodeChatRequest(body: JsonObject, report: LossReport): Conversation {
  judgeParameters('chat-completions', body, report)
  const turns = asArray(body['messages']).map((each) => turnOf(asObject(each) ?? {}, report))
  const first = turns.findIndex(({ role }) => role !== 'system')
  const system = turns
    .splice(0, first === -1 ? turns.length : first)
    .flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])))
  const choice = choiceOf(body['tool_choice'], report)
  const maxTokens = asNumber(body['max_completion_tokens']) ?? asNumber(body['max_tokens'])
  const temperature = asNumber(body['temperature'])
  const topP = asNumber(body['top_p'])
  const told = asObject(body['response_format'])
  const format = readAnswerFormat(asText(told?.['type']), asObject(told?.['json_schema']))
  const effort = asText(body['reasoning_effort'])
  const cacheKey = asText(body['prompt_cache_key'])
  const parallel = body['parallel_tool_calls']
  const { stop } = body
  return {
    model: asText(body['model']),
    stream: body['stream'] === true,
    system,
    turns,
    tools: asArray(body['tools']).flatMap((each) => toolOf(asObject(each) ?? {}, report)),
    stop: typeof stop === 'string' ? [stop] : asArray(stop).map(asText),
    includeUsage: asObject(body['stream_options'])?.['include_usage'] === true,
    ...(choice === undefined ? {} : { choice }),
    ...(typeof parallel === 'boolean' ? { parallel } : {}),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(format === undefined ? {} : { format }),
    ...(effort === '' ? {} : { effort }),
    ...(cacheKey === '' ? {} : { cacheKey }),
  }
}

function turnOf(message: JsonObject, report: LossReport): Turn {
  const role = asText(message['role'])
  const parts = partsOf(message['content'], report)
  if (role === 'tool') {
    const id = originalCallId(asText(message['tool_call_id']))
    return { role: 'user', parts: [{ type: 'tool_result', id, custom: false, isError: false, content: parts }] }
  }
  if (role === 'user') return { role, parts }
  if (role !== 'assistant') {
    if (role !== 'system' && role !== 'developer')
      report.refuse(`messages.${role}`, `a message of role "${role}" cannot be carried`)
    return { role: 'system', parts }
  }
  const reasoning = asText(message['reasoning_content']) || asText(message['reasoning'])
  const refusal = asText(message['refusal'])
  if (message['audio'] !== undefined && message['audio'] !== null)
    report.refuse('messages.audio', 'audio cannot be carried')
  const calls = asArray(message['tool_calls']).map((each): Part => {
    const call = asObject(each)
    const custom = asObject(call?.['custom'])
    const named = custom ?? asObject(call?.['function'])
    return {
      type: 'tool_call',
      id: originalCallId(asText(call?.['id'])),
      name: asText(named?.['name']),
      custom: custom !== undefined,
      input: asText(named?.[custom === undefined ? 'arguments' : 'input']),
    }
  })
  return {
    role,
    parts: [
      ...(reasoning === '' ? [] : [{ type: 'reasoning', text: reasoning } as const]),
      ...parts,
      ...(refusal === '' ? [] : [{ type: 'refusal', text: refusal } as const]),
      ...calls,
    ],
  }
}

function partsOf(content: unknown, report: LossReport): readonly Part[] {
  return readParts(content, report, partOf)
}

function partOf(part: JsonObject, report: LossReport): readonly Part[] {
  const type = asText(part['type'])
  if (part['cache_control'] !== undefined) report.drop('cache_control')
  if (type === 'text') return [{ type, text: asText(part['text']) }]
  if (type === 'refusal') return [{ type, text: asText(part['refusal']) }]
  if (type === 'image_url') {
    const image = asObject(part['image_url'])
    const detail = asText(image?.['detail'])
    return [{ type: 'image', source: sourceOfUrl(asText(image?.['url'])), ...(detail === '' ? {} : { detail }) }]
  }
  const file = asObject(part['file'])
  const data = asText(file?.['file_data'])
  if (type === 'file' && data !== '') {
    const name = asText(file?.['filename'])
    return [{ type, source: sourceOfUrl(data), ...(name === '' ? {} : { name }) }]
  }
  report.refuse(`content.${type}`, `content of type "${type}" cannot be carried to a provider of another protocol`)
  return []
}

function toolOf(tool: JsonObject, report: LossReport): readonly Tool[] {
  const type = asText(tool['type'])
  const named = asObject(tool['function'])
  if (named === undefined) {
    report.drop(`tools.${type}`)
    return []
  }
  return [readFunctionTool(named, 'parameters')]
}

function choiceOf(choice: unknown, report: LossReport): ToolChoice | undefined {
  if (choice === undefined || choice === null) return undefined
  if (choice === 'auto' || choice === 'required' || choice === 'none') return { kind: choice }
  const name = asText(asObject(asObject(choice)?.['function'])?.['name'])
  if (name !== '') return { kind: 'tool', name }
  report.refuse('tool_choice', 'this tool choice cannot be carried to a provider of another protocol')
  return undefined
}
