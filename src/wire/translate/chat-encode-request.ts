import { callIdFor, type IdForm } from './call-ids.ts'
import type { Conversation, Part, Turn } from './conversation.ts'
import type { LossReport } from './loss-report.ts'
import { urlOfSource } from './media.ts'
import { openAiEffort } from './openai-effort.ts'
import { orderedTurns } from './ordered-turns.ts'
import { partText } from './part-text.ts'
import { FREE_TEXT_SCHEMA, inputAsJson } from './tool-input.ts'
import type { ToolNames } from './tool-names.ts'

/** Writes a Chat Completions request. */
export function encodeChatRequest(
  conversation: Conversation,
  names: ToolNames,
  report: LossReport,
  ids: IdForm,
): Record<string, unknown> {
  const { model, stream, system, tools, choice, parallel, maxTokens, temperature, topP, stop, format, effort } =
    conversation
  if (conversation.cacheKey !== undefined) report.drop('prompt_cache_key')
  return {
    model,
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    messages: [
      ...(system.length === 0 ? [] : [{ role: 'system', content: system.join('\n\n') }]),
      ...orderedTurns(conversation.turns).flatMap((turn) => messagesOf(turn, names, report, ids)),
    ],
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, namespace, custom, description, schema, strict }) => ({
            type: 'function',
            function: {
              name: names.wireName(name, namespace),
              ...(description === undefined ? {} : { description }),
              parameters: custom ? FREE_TEXT_SCHEMA : schema,
              ...(strict === undefined ? {} : { strict }),
            },
          })),
          ...(choice === undefined
            ? {}
            : {
                tool_choice:
                  choice.kind === 'tool'
                    ? { type: 'function', function: { name: names.wireName(choice.name, choice.namespace) } }
                    : choice.kind,
              }),
          ...(parallel === undefined ? {} : { parallel_tool_calls: parallel }),
        }),
    // The older name is the one that every compatible server knows.
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(stop.length === 0 ? {} : { stop }),
    ...(format === undefined
      ? {}
      : {
          response_format:
            format.kind === 'json_object'
              ? { type: 'json_object' }
              : {
                  type: 'json_schema',
                  json_schema: { name: format.name, schema: format.schema, strict: format.strict ?? false },
                },
        }),
    ...(effort === undefined ? {} : { reasoning_effort: openAiEffort(effort) }),
  }
}

function messagesOf({ role, parts }: Turn, names: ToolNames, report: LossReport, ids: IdForm): readonly unknown[] {
  if (role === 'system') return [{ role, content: partText(parts) }]
  if (role === 'user') {
    const results = parts.filter((part) => part.type === 'tool_result')
    const tools = results.map(({ id, isError, content }) => ({
      role: 'tool',
      tool_call_id: callIdFor(id, ids),
      content: (isError ? 'Error: ' : '') + resultText(content),
    }))
    // A tool message holds words only: what a tool showed follows behind all results.
    const shown = results.flatMap(({ content }) => content.filter(({ type }) => type === 'image' || type === 'file'))
    const rest = [...shown, ...parts.filter(({ type }) => type !== 'tool_result')]
    return rest.length === 0 ? tools : [...tools, { role, content: contentOf(rest) }]
  }
  if (parts.some(({ type }) => type === 'reasoning')) report.drop('reasoning')
  const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  const refusal = parts.flatMap((part) => (part.type === 'refusal' ? [part.text] : [])).join('\n')
  const calls = parts.flatMap((part) => {
    if (part.type !== 'tool_call') return []
    const { id, name, namespace } = part
    return [
      {
        id: callIdFor(id, ids),
        type: 'function',
        function: { name: names.wireName(name, namespace), arguments: inputAsJson(part) },
      },
    ]
  })
  if (text === '' && refusal === '' && calls.length === 0) return []
  return [
    {
      role,
      content: text === '' ? null : text,
      ...(refusal === '' ? {} : { refusal }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
  ]
}

function resultText(content: readonly Part[]): string {
  const shown = content.some(({ type }) => type === 'image' || type === 'file')
  return [partText(content), ...(shown ? ['(what the tool showed follows in the next message)'] : [])]
    .filter((text) => text !== '')
    .join('\n')
}

function contentOf(parts: readonly Part[]): unknown {
  if (parts.every(({ type }) => type === 'text') && parts.length === 1) return partText(parts)
  return parts.flatMap((part): readonly unknown[] => {
    if (part.type === 'text') return [{ type: 'text', text: part.text }]
    if (part.type === 'image')
      return [
        {
          type: 'image_url',
          image_url: { url: urlOfSource(part.source), ...(part.detail === undefined ? {} : { detail: part.detail }) },
        },
      ]
    if (part.type === 'file')
      return [{ type: 'file', file: { file_data: urlOfSource(part.source), filename: part.name ?? 'file.pdf' } }]
    return []
  })
}
