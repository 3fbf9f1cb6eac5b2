import { parseObject } from '../json.ts'
import type { WireName } from '../wire.ts'
import type { Answer, AnswerPart } from './answer.ts'
import { callIdFor } from './call-ids.ts'
import { type ItemFacts, responseItem, responseObject } from './response-items.ts'
import { TO_CHAT, TO_MESSAGES } from './stop-reasons.ts'
import { WRITE_USAGE } from './token-counts.ts'
import { inputAsJson, inputAsText } from './tool-input.ts'
import type { ToolNames } from './tool-names.ts'

/** What the protocols want to know beside the answer itself. */
export interface AnswerFacts {
  /** Epoch seconds. */
  readonly createdAt: number
  readonly names: ToolNames
  /** What the answer's id is made of. @default the provider's own, which some give to several answers */
  readonly answerId?: string | undefined
}

/** Writes a complete answer in each protocol. */
export const ENCODE_ANSWER: Readonly<
  Record<WireName, (answer: Answer, facts: AnswerFacts) => Record<string, unknown>>
> = {
  responses: (answer, facts) => {
    const items = answer.parts.map((part, index) => responseItem(itemFacts(part, index, answer.id, facts.names)))
    return responseObject(answer, items, facts.createdAt)
  },
  'chat-completions': ({ id, model, parts, stop, usage }, { createdAt, names }) => {
    const text = joined(parts, 'text')
    const refusal = joined(parts, 'refusal')
    const reasoning = joined(parts, 'reasoning')
    const calls = parts.flatMap((part) => {
      if (part.type !== 'tool_call') return []
      const { name } = names.callersTool(part.name)
      return [
        {
          id: callIdFor(part.id, 'common'),
          type: 'function',
          function: { name, arguments: inputAsJson({ custom: false, input: part.input }) },
        },
      ]
    })
    return {
      id: `chatcmpl-${id}`,
      object: 'chat.completion',
      created: createdAt,
      model,
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: text === '' ? null : text,
            refusal: refusal === '' ? null : refusal,
            ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
            ...(calls.length === 0 ? {} : { tool_calls: calls }),
          },
          logprobs: null,
          finish_reason: TO_CHAT[stop],
        },
      ],
      ...(usage === undefined ? {} : { usage: WRITE_USAGE['chat-completions'](usage) }),
    }
  },
  messages: ({ id, model, parts, stop, usage }, { names }) => ({
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: parts.map((part) => {
      if (part.type === 'reasoning') return { type: 'thinking', thinking: part.text, signature: '' }
      if (part.type !== 'tool_call') return { type: 'text', text: part.text }
      const input = parseObject(inputAsJson({ custom: false, input: part.input })) ?? {}
      return { type: 'tool_use', id: callIdFor(part.id, 'common'), name: names.callersTool(part.name).name, input }
    }),
    stop_reason: TO_MESSAGES[stop],
    stop_sequence: null,
    usage: usage === undefined ? { input_tokens: 0, output_tokens: 0 } : WRITE_USAGE.messages(usage),
  }),
}

function itemFacts(part: AnswerPart, index: number, answerId: string, names: ToolNames): ItemFacts {
  const id = `${answerId}_${index}`
  if (part.type !== 'tool_call') return { type: part.type, id, text: part.text }
  const tool = names.callersTool(part.name)
  const text = tool.custom ? inputAsText(part.input) : inputAsJson({ custom: false, input: part.input })
  return { type: 'tool_call', id, text, callId: callIdFor(part.id, 'common'), tool }
}

function joined(parts: readonly AnswerPart[], type: 'text' | 'refusal' | 'reasoning'): string {
  return parts.flatMap((part) => (part.type === type ? [part.text] : [])).join('')
}
