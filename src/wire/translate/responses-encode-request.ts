import { callIdFor } from './call-ids.ts'
import type { Conversation, Part } from './conversation.ts'
import type { LossReport } from './loss-report.ts'
import { urlOfSource } from './media.ts'
import { openAiEffort } from './openai-effort.ts'
import { orderedTurns } from './ordered-turns.ts'
import { partText } from './part-text.ts'
import { FREE_TEXT_SCHEMA, inputAsJson } from './tool-input.ts'
import type { ToolNames } from './tool-names.ts'

/** Writes a Responses request that needs nothing stored. */
export function encodeResponsesRequest(
  conversation: Conversation,
  names: ToolNames,
  report: LossReport,
): Record<string, unknown> {
  const { model, stream, system, tools, choice, parallel, maxTokens, temperature, topP, format, effort, cacheKey } =
    conversation
  if (conversation.stop.length > 0) report.refuse('stop', 'the Responses protocol has no stop sequences')
  return {
    model,
    stream,
    store: false,
    ...(system.length === 0 ? {} : { instructions: system.join('\n\n') }),
    input: orderedTurns(conversation.turns).flatMap(({ role, parts }) => itemsOf(role, parts, names, report)),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, namespace, custom, description, schema, strict }) => ({
            type: 'function',
            name: names.wireName(name, namespace),
            ...(description === undefined ? {} : { description }),
            parameters: custom ? FREE_TEXT_SCHEMA : schema,
            // Absent would mean strict here, which refuses most schemas of the other protocols.
            strict: strict ?? false,
          })),
        }),
    ...(choice === undefined
      ? {}
      : {
          tool_choice:
            choice.kind === 'tool'
              ? { type: 'function', name: names.wireName(choice.name, choice.namespace) }
              : choice.kind,
        }),
    ...(parallel === undefined ? {} : { parallel_tool_calls: parallel }),
    ...(maxTokens === undefined ? {} : { max_output_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(format === undefined
      ? {}
      : {
          text: {
            format:
              format.kind === 'json_object'
                ? { type: 'json_object' }
                : { type: 'json_schema', name: format.name, schema: format.schema, strict: format.strict ?? false },
          },
        }),
    ...(effort === undefined ? {} : { reasoning: { effort: openAiEffort(effort) } }),
    ...(cacheKey === undefined ? {} : { prompt_cache_key: cacheKey }),
  }
}

function itemsOf(role: string, parts: readonly Part[], names: ToolNames, report: LossReport): readonly unknown[] {
  const items: unknown[] = []
  let content: unknown[] = []
  const flush = () => {
    if (content.length > 0) items.push({ type: 'message', role: role === 'system' ? 'developer' : role, content })
    content = []
  }
  for (const part of parts) {
    if (part.type === 'reasoning') {
      // Reasoning of another vendor cannot be replayed: its encrypted half does not exist.
      report.drop('reasoning')
    } else if (part.type === 'tool_call') {
      flush()
      const { name, namespace } = part
      items.push({
        type: 'function_call',
        call_id: callIdFor(part.id, 'common'),
        name: names.wireName(name, namespace),
        arguments: inputAsJson(part),
      })
    } else if (part.type === 'tool_result') {
      flush()
      const plain = part.content.every(({ type }) => type === 'text')
      const output = plain
        ? mark(part.isError) + partText(part.content)
        : part.content.flatMap((each) => contentOf('user', each))
      items.push({ type: 'function_call_output', call_id: callIdFor(part.id, 'common'), output })
    } else content.push(...contentOf(role, part))
  }
  flush()
  return items
}

/** The protocol has no mark for a failed tool. */
function mark(isError: boolean): string {
  return isError ? 'Error: ' : ''
}

function contentOf(role: string, part: Part): readonly unknown[] {
  switch (part.type) {
    case 'text':
      return [{ type: role === 'assistant' ? 'output_text' : 'input_text', text: part.text }]
    case 'refusal':
      return [{ type: 'refusal', refusal: part.text }]
    case 'image':
      return [{ type: 'input_image', image_url: urlOfSource(part.source), detail: part.detail ?? 'auto' }]
    case 'file':
      return part.source.kind === 'url'
        ? [{ type: 'input_file', file_url: part.source.url }]
        : [{ type: 'input_file', file_data: urlOfSource(part.source), filename: part.name ?? 'file.pdf' }]
    default:
      return []
  }
}
