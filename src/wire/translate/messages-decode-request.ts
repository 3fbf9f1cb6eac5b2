import { asArray, asNumber, asObject, asText, type JsonObject } from '../json.ts'
import { originalCallId } from './call-ids.ts'
import type { AnswerFormat, Conversation, Part, Source, Tool, ToolChoice, Turn } from './conversation.ts'
import { readFunctionTool } from './function-tool.ts'
import type { LossReport } from './loss-report.ts'
import { judgeParameters } from './parameters.ts'
import { readParts } from './read-parts.ts'

/** Reads a Messages request. */
export function decodeMessagesRequest(body: JsonObject, report: LossReport): Conversation {
  judgeParameters('messages', body, report)
  const system = texts(body['system'], report)
  const turns = asArray(body['messages']).map((each): Turn => {
    const message = asObject(each)
    const role = asText(message?.['role'])
    const parts = partsOf(message?.['content'], report)
    return { role: role === 'assistant' || role === 'system' ? role : 'user', parts }
  })
  const told = asObject(body['tool_choice'])
  const choice = choiceOf(told)
  const serial = told?.['disable_parallel_tool_use']
  const maxTokens = asNumber(body['max_tokens'])
  const temperature = asNumber(body['temperature'])
  const topP = asNumber(body['top_p'])
  const output = asObject(body['output_config'])
  const format = formatOf(asObject(output?.['format']))
  const effort = effortOf(asObject(body['thinking']), asText(output?.['effort']))
  return {
    model: asText(body['model']),
    stream: body['stream'] === true,
    system,
    turns,
    tools: asArray(body['tools']).flatMap((each) => toolOf(asObject(each) ?? {}, report)),
    stop: asArray(body['stop_sequences']).map(asText),
    includeUsage: true,
    ...(choice === undefined ? {} : { choice }),
    ...(typeof serial === 'boolean' ? { parallel: !serial } : {}),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(format === undefined ? {} : { format }),
    ...(effort === undefined ? {} : { effort }),
  }
}

function texts(content: unknown, report: LossReport): readonly string[] {
  return partsOf(content, report).flatMap((part) => (part.type === 'text' ? [part.text] : []))
}

function partsOf(content: unknown, report: LossReport): readonly Part[] {
  return readParts(content, report, partOf)
}

function partOf(block: JsonObject, report: LossReport): readonly Part[] {
  const type = asText(block['type'])
  if (block['cache_control'] !== undefined) report.drop('cache_control')
  if (asArray(block['citations']).length > 0) report.drop('citations')
  switch (type) {
    case 'text':
      return asText(block['text']) === '' ? [] : [{ type, text: asText(block['text']) }]
    case 'image':
    case 'document':
      return media(type, block, report)
    case 'tool_use':
      return [
        {
          type: 'tool_call',
          id: originalCallId(asText(block['id'])),
          name: asText(block['name']),
          custom: false,
          input: JSON.stringify(block['input'] ?? {}),
        },
      ]
    case 'tool_result':
      return [
        {
          type,
          id: originalCallId(asText(block['tool_use_id'])),
          custom: false,
          isError: block['is_error'] === true,
          content: partsOf(block['content'], report),
        },
      ]
    case 'thinking':
      if (asText(block['signature']) !== '') report.drop('messages.thinking.signature')
      return asText(block['thinking']) === '' ? [] : [{ type: 'reasoning', text: asText(block['thinking']) }]
    case 'redacted_thinking':
      report.drop('messages.redacted_thinking')
      return []
    default:
      report.refuse(`content.${type}`, `a block of type "${type}" cannot be carried to a provider of another protocol`)
      return []
  }
}

function media(type: 'image' | 'document', block: JsonObject, report: LossReport): readonly Part[] {
  const told = asObject(block['source'])
  const kind = asText(told?.['type'])
  const name = asText(block['title'])
  let source: Source | undefined
  if (kind === 'base64') source = { kind, mediaType: asText(told?.['media_type']), data: asText(told?.['data']) }
  else if (kind === 'url') source = { kind, url: asText(told?.['url']) }
  else if (kind === 'text') return [{ type: 'text', text: asText(told?.['data']) }]
  if (source === undefined) {
    report.refuse(`${type}.source.${kind}`, 'an uploaded file is known to its own provider only')
    return []
  }
  return type === 'image' ? [{ type, source }] : [{ type: 'file', source, ...(name === '' ? {} : { name }) }]
}

function toolOf(tool: JsonObject, report: LossReport): readonly Tool[] {
  const type = asText(tool['type'])
  if (type !== '' && type !== 'custom') {
    report.drop(`tools.${type}`)
    return []
  }
  if (tool['cache_control'] !== undefined) report.drop('cache_control')
  return [readFunctionTool(tool, 'input_schema')]
}

function choiceOf(choice: JsonObject | undefined): ToolChoice | undefined {
  const type = asText(choice?.['type'])
  if (type === 'tool') return { kind: 'tool', name: asText(choice?.['name']) }
  if (type === 'any') return { kind: 'required' }
  return type === 'auto' || type === 'none' ? { kind: type } : undefined
}

function formatOf(format: JsonObject | undefined): AnswerFormat | undefined {
  if (asText(format?.['type']) !== 'json_schema') return undefined
  return { kind: 'json_schema', name: 'answer', schema: asObject(format?.['schema']) ?? {} }
}

/** Budgets of older models as the efforts that stand for them. */
function effortOf(thinking: JsonObject | undefined, effort: string): string | undefined {
  if (effort !== '') return effort
  const budget = asNumber(thinking?.['budget_tokens'])
  if (budget === undefined) return undefined
  return budget <= 4_096 ? 'low' : budget <= 16_384 ? 'medium' : 'high'
}
