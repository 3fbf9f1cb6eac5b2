import { parseObject } from '../json.ts'
import { callIdFor } from './call-ids.ts'
import type { Conversation, Part, Source, Turn } from './conversation.ts'
import type { LossReport } from './loss-report.ts'
import { orderedTurns } from './ordered-turns.ts'
import { FREE_TEXT_SCHEMA, inputAsJson } from './tool-input.ts'
import type { ToolNames } from './tool-names.ts'

/** The protocol demands a limit; a caller that named none wants the model's own. */
const DEFAULT_MAX_TOKENS = 32_000
const IMAGES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])

/** Writes a Messages request. */
export function encodeMessagesRequest(
  conversation: Conversation,
  names: ToolNames,
  report: LossReport,
): Record<string, unknown> {
  const { model, stream, tools, maxTokens, temperature, topP, stop, format, effort } = conversation
  if (conversation.cacheKey !== undefined) report.drop('prompt_cache_key')
  if (temperature !== undefined && temperature > 1)
    report.refuse('temperature', 'the Messages protocol takes a temperature of 0 to 1')
  if (format?.kind === 'json_object')
    report.refuse('response_format', 'the Messages protocol needs a schema for structured output')
  const system = [...conversation.system]
  for (const { role, parts } of conversation.turns) {
    if (role !== 'system') continue
    // There is only one place for instructions: they are kept in their order, not at their place.
    report.drop('system.position')
    for (const part of parts) if (part.type === 'text') system.push(part.text)
  }
  const output = { ...formatOf(format), ...effortOf(effort) }
  return {
    model,
    max_tokens: maxTokens ?? DEFAULT_MAX_TOKENS,
    ...(stream ? { stream } : {}),
    ...(system.length === 0
      ? {}
      : { system: system.filter((text) => text !== '').map((text) => ({ type: 'text', text })) }),
    messages: orderedTurns(conversation.turns.filter(({ role }) => role !== 'system')).flatMap((turn) =>
      messageOf(turn, names, report),
    ),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, namespace, custom, description, schema }) => ({
            name: names.wireName(name, namespace),
            ...(description === undefined ? {} : { description }),
            input_schema: custom ? FREE_TEXT_SCHEMA : objectSchema(schema),
          })),
          ...choiceOf(conversation, names),
        }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(stop.length === 0 ? {} : { stop_sequences: stop }),
    ...(effort === undefined
      ? {}
      : { thinking: { type: effort === 'none' || effort === 'minimal' ? 'disabled' : 'adaptive' } }),
    ...(Object.keys(output).length === 0 ? {} : { output_config: output }),
  }
}

function formatOf(format: Conversation['format']): Record<string, unknown> {
  return format?.kind === 'json_schema' ? { format: { type: 'json_schema', schema: format.schema } } : {}
}

function effortOf(effort: string | undefined): Record<string, unknown> {
  return effort === undefined || effort === 'none' || effort === 'minimal' ? {} : { effort }
}

/** `type: "object"` is demanded; dialect marks are refused by some servers. */
function objectSchema({ $schema: _, ...schema }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...schema, type: 'object' }
}

function choiceOf({ choice, parallel }: Conversation, names: ToolNames): Record<string, unknown> {
  if (choice === undefined && parallel !== false) return {}
  const serial = parallel === false && choice?.kind !== 'none' ? { disable_parallel_tool_use: true } : {}
  if (choice?.kind === 'tool')
    return { tool_choice: { type: 'tool', name: names.wireName(choice.name, choice.namespace), ...serial } }
  const kind = choice?.kind ?? 'auto'
  return { tool_choice: { type: kind === 'required' ? 'any' : kind, ...serial } }
}

function messageOf({ role, parts }: Turn, names: ToolNames, report: LossReport): readonly unknown[] {
  const content = parts.flatMap((part) => blocksOf(part, names, report))
  return content.length === 0 ? [] : [{ role, content }]
}

function blocksOf(part: Part, names: ToolNames, report: LossReport): readonly unknown[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }]
    case 'reasoning':
      // Thinking without the vendor's own signature is refused.
      report.drop('reasoning')
      return []
    case 'image':
      if (part.source.kind === 'base64' && !IMAGES.has(part.source.mediaType))
        report.refuse('image', `images of type "${part.source.mediaType}" cannot be carried to the Messages protocol`)
      return [{ type: 'image', source: sourceOf(part.source) }]
    case 'file':
      return [fileOf(part, report)]
    case 'tool_call':
      return [
        {
          type: 'tool_use',
          id: callIdFor(part.id, 'common'),
          name: names.wireName(part.name, part.namespace),
          input: parseObject(inputAsJson(part)) ?? {},
        },
      ]
    case 'tool_result':
      return [
        {
          type: 'tool_result',
          tool_use_id: callIdFor(part.id, 'common'),
          content: part.content.flatMap((each) => blocksOf(each, names, report)),
          ...(part.isError ? { is_error: true } : {}),
        },
      ]
  }
}

function fileOf({ source, name }: Extract<Part, { type: 'file' }>, report: LossReport): unknown {
  const title = name === undefined ? {} : { title: name }
  if (source.kind === 'base64' && source.mediaType.startsWith('text/')) {
    const data = Buffer.from(source.data, 'base64').toString()
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data }, ...title }
  }
  if (source.kind === 'base64' && source.mediaType !== 'application/pdf')
    report.refuse('file', `files of type "${source.mediaType}" cannot be carried to the Messages protocol`)
  return { type: 'document', source: sourceOf(source), ...title }
}

function sourceOf(source: Source): unknown {
  return source.kind === 'url'
    ? { type: 'url', url: source.url }
    : { type: 'base64', media_type: source.mediaType, data: source.data }
}
