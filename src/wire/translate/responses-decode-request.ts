import { asArray, asNumber, asObject, asText, type JsonObject } from '../json.ts'
import { readAnswerFormat } from './answer-format.ts'
import { originalCallId } from './call-ids.ts'
import type { Conversation, Part, Tool, ToolChoice, Turn } from './conversation.ts'
import type { LossReport } from './loss-report.ts'
import { sourceOfUrl } from './media.ts'
import { judgeParameters } from './parameters.ts'
import { readParts } from './read-parts.ts'
import { FREE_TEXT_SCHEMA } from './tool-input.ts'

/** Reads a Responses request. */
export function decodeResponsesRequest(body: JsonObject, report: LossReport): Conversation {
  judgeParameters('responses', body, report)
  const system: string[] = []
  if (asText(body['instructions']) !== '') system.push(asText(body['instructions']))
  const turns: Turn[] = []
  const { input } = body
  if (typeof input === 'string') turns.push({ role: 'user', parts: [{ type: 'text', text: input }] })
  for (const item of asArray(input)) {
    const turn = turnOf(asObject(item) ?? {}, report)
    if (turn !== undefined) turns.push(turn)
  }
  const first = turns.findIndex(({ role }) => role !== 'system')
  for (const { parts } of turns.splice(0, first === -1 ? turns.length : first))
    for (const part of parts) if (part.type === 'text') system.push(part.text)
  const tools = toolsOf(asArray(body['tools']), undefined, report)
  const choice = choiceOf(body['tool_choice'], report)
  const maxTokens = asNumber(body['max_output_tokens'])
  const temperature = asNumber(body['temperature'])
  const topP = asNumber(body['top_p'])
  const told = asObject(asObject(body['text'])?.['format'])
  const format = readAnswerFormat(asText(told?.['type']), told)
  const effort = asText(asObject(body['reasoning'])?.['effort'])
  const cacheKey = asText(body['prompt_cache_key'])
  if (asText(asObject(body['text'])?.['verbosity']) !== '') report.drop('text.verbosity')
  const parallel = body['parallel_tool_calls']
  return {
    model: asText(body['model']),
    stream: body['stream'] === true,
    system,
    turns,
    tools,
    stop: [],
    includeUsage: true,
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

function turnOf(item: JsonObject, report: LossReport): Turn | undefined {
  const type = asText(item['type']) || 'message'
  const id = originalCallId(asText(item['call_id']))
  switch (type) {
    case 'message': {
      const role = asText(item['role'])
      const parts = partsOf(item['content'], report)
      return { role: role === 'assistant' ? 'assistant' : role === 'user' ? 'user' : 'system', parts }
    }
    case 'function_call':
    case 'custom_tool_call': {
      const custom = type === 'custom_tool_call'
      const namespace = asText(item['namespace'])
      const input = asText(item[custom ? 'input' : 'arguments'])
      const named = namespace === '' ? {} : { namespace }
      return {
        role: 'assistant',
        parts: [{ type: 'tool_call', id, name: asText(item['name']), custom, input, ...named }],
      }
    }
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const custom = type === 'custom_tool_call_output'
      return {
        role: 'user',
        parts: [{ type: 'tool_result', id, custom, isError: false, content: outputOf(item['output'], report) }],
      }
    }
    case 'reasoning': {
      if (asText(item['encrypted_content']) !== '') report.drop('input.reasoning.encrypted_content')
      const texts = [...asArray(item['summary']), ...asArray(item['content'])].map((each) =>
        asText(asObject(each)?.['text']),
      )
      return {
        role: 'assistant',
        parts: texts.filter((text) => text !== '').map((text) => ({ type: 'reasoning', text })),
      }
    }
    default:
      report.refuse(
        `input.${type}`,
        `an input item of type "${type}" cannot be carried to a provider of another protocol`,
      )
      return undefined
  }
}

function outputOf(output: unknown, report: LossReport): readonly Part[] {
  if (typeof output === 'string') return [{ type: 'text', text: output }]
  if (Array.isArray(output)) return partsOf(output, report)
  return [{ type: 'text', text: JSON.stringify(output ?? '') }]
}

function partsOf(content: unknown, report: LossReport): readonly Part[] {
  return readParts(content, report, partOf)
}

function partOf(part: JsonObject, report: LossReport): readonly Part[] {
  const type = asText(part['type'])
  if (part['prompt_cache_breakpoint'] !== undefined) report.drop('prompt_cache_breakpoint')
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return [{ type: 'text', text: asText(part['text']) }]
    case 'refusal':
      return [{ type: 'refusal', text: asText(part['refusal']) }]
    case 'input_image': {
      const url = asText(part['image_url'])
      const detail = asText(part['detail'])
      if (url !== '') return [{ type: 'image', source: sourceOfUrl(url), ...(detail === '' ? {} : { detail }) }]
      report.refuse('input_image.file_id', 'an uploaded file is known to its own provider only')
      return []
    }
    case 'input_file': {
      const url = asText(part['file_data']) || asText(part['file_url'])
      const name = asText(part['filename'])
      if (url !== '') return [{ type: 'file', source: sourceOfUrl(url), ...(name === '' ? {} : { name }) }]
      report.refuse('input_file.file_id', 'an uploaded file is known to its own provider only')
      return []
    }
    default:
      report.refuse(`content.${type}`, `content of type "${type}" cannot be carried to a provider of another protocol`)
      return []
  }
}

function toolsOf(list: readonly unknown[], namespace: string | undefined, report: LossReport): readonly Tool[] {
  return list.flatMap((each): readonly Tool[] => {
    const tool = asObject(each) ?? {}
    const type = asText(tool['type'])
    const name = asText(tool['name'])
    if (type === 'namespace') return toolsOf(asArray(tool['tools']), name, report)
    if (type !== 'function' && type !== 'custom') {
      report.drop(`tools.${type}`)
      return []
    }
    const custom = type === 'custom'
    const grammar = asText(asObject(tool['format'])?.['definition'])
    const description = [
      asText(tool['description']),
      ...(grammar === '' ? [] : [`The input follows this grammar:\n${grammar}`]),
    ]
      .join('\n\n')
      .trim()
    return [
      {
        name,
        custom,
        schema: custom ? FREE_TEXT_SCHEMA : (asObject(tool['parameters']) ?? { type: 'object', properties: {} }),
        ...(namespace === undefined ? {} : { namespace }),
        ...(description === '' ? {} : { description }),
        ...(typeof tool['strict'] === 'boolean' ? { strict: tool['strict'] } : {}),
      },
    ]
  })
}

function choiceOf(choice: unknown, report: LossReport): ToolChoice | undefined {
  if (choice === undefined || choice === null) return undefined
  if (choice === 'auto' || choice === 'required' || choice === 'none') return { kind: choice }
  const object = asObject(choice)
  const type = asText(object?.['type'])
  if (type === 'function' || type === 'custom') return { kind: 'tool', name: asText(object?.['name']) }
  report.refuse('tool_choice', `a tool choice of type "${type}" cannot be carried to a provider of another protocol`)
  return undefined
}
