import { asArray, asObject, asText, type JsonObject } from '../json.ts'
import type { WireName } from '../wire.ts'
import { reportBlock, reportItem, reportMessage } from './answer-losses.ts'
import type { Answer, AnswerPart, StopReason } from './answer.ts'
import { LossReport } from './loss-report.ts'
import { FROM_CHAT, FROM_MESSAGES } from './stop-reasons.ts'
import { READ_USAGE } from './token-counts.ts'

/**
 * Reads a complete answer of each protocol; it was judged to be one before.
 * @param report told what no other protocol has a place for
 */
export const DECODE_ANSWER: Readonly<Record<WireName, (body: JsonObject, report?: LossReport) => Answer>> = {
  responses: (body, report = new LossReport()) => {
    const parts = asArray(body['output']).flatMap((each) => itemParts(asObject(each) ?? {}, report))
    const reason = asText(asObject(body['incomplete_details'])?.['reason'])
    return answer('responses', body, parts, responsesStop(asText(body['status']), reason, parts))
  },
  'chat-completions': (body, report = new LossReport()) => {
    const choice = asObject(asArray(body['choices'])[0])
    const message = asObject(choice?.['message']) ?? {}
    reportMessage(message, report)
    const parts: AnswerPart[] = [
      ...said('reasoning', asText(message['reasoning_content']) || asText(message['reasoning'])),
      ...said('text', chatText(message['content'])),
      ...said('refusal', asText(message['refusal'])),
      ...asArray(message['tool_calls']).map((each): AnswerPart => {
        const call = asObject(each)
        const named = asObject(call?.['function'])
        return {
          type: 'tool_call',
          id: asText(call?.['id']),
          name: asText(named?.['name']),
          input: argumentsText(named?.['arguments']),
        }
      }),
    ]
    const finish = FROM_CHAT[asText(choice?.['finish_reason'])] ?? 'stop'
    return answer('chat-completions', body, parts, calls(parts) && finish === 'stop' ? 'tool_calls' : finish)
  },
  messages: (body, report = new LossReport()) => {
    const parts = asArray(body['content']).flatMap((each): readonly AnswerPart[] => {
      const block = asObject(each) ?? {}
      const type = asText(block['type'])
      reportBlock(block, report)
      if (type === 'text') return said('text', asText(block['text']))
      if (type === 'thinking') return said('reasoning', asText(block['thinking']))
      if (type !== 'tool_use') return []
      return [
        {
          type: 'tool_call',
          id: asText(block['id']),
          name: asText(block['name']),
          input: JSON.stringify(block['input'] ?? {}),
        },
      ]
    })
    return answer('messages', body, parts, FROM_MESSAGES[asText(body['stop_reason'])] ?? 'stop')
  },
}

/** A Response has no reason to stop: calls say that tools are wanted. */
export function responsesStop(status: string, reason: string, parts: readonly Pick<AnswerPart, 'type'>[]): StopReason {
  if (status === 'incomplete') return reason === 'content_filter' ? 'refusal' : 'length'
  if (calls(parts)) return 'tool_calls'
  return parts.some(({ type }) => type === 'refusal') ? 'refusal' : 'stop'
}

function calls(parts: readonly Pick<AnswerPart, 'type'>[]): boolean {
  return parts.some(({ type }) => type === 'tool_call')
}

function itemParts(item: JsonObject, report: LossReport): readonly AnswerPart[] {
  reportItem(item, report)
  switch (asText(item['type'])) {
    case 'message':
      return asArray(item['content']).flatMap((each) => {
        const part = asObject(each)
        return [...said('text', asText(part?.['text'])), ...said('refusal', asText(part?.['refusal']))]
      })
    case 'function_call':
      return [
        {
          type: 'tool_call',
          id: asText(item['call_id']),
          name: asText(item['name']),
          input: asText(item['arguments']),
        },
      ]
    case 'reasoning':
      return said(
        'reasoning',
        [...asArray(item['summary']), ...asArray(item['content'])]
          .map((each) => asText(asObject(each)?.['text']))
          .join('\n\n'),
      )
    default:
      return []
  }
}

function said(type: 'text' | 'refusal' | 'reasoning', text: string): readonly AnswerPart[] {
  return text === '' ? [] : [{ type, text }]
}

function chatText(content: unknown): string {
  return typeof content === 'string'
    ? content
    : asArray(content)
        .map((each) => asText(asObject(each)?.['text']))
        .join('')
}

/** Some servers send an object where the protocol has text. */
function argumentsText(given: unknown): string {
  return typeof given === 'string' ? given : JSON.stringify(given ?? {})
}

function answer(wire: WireName, body: JsonObject, parts: readonly AnswerPart[], stop: StopReason): Answer {
  const usage = READ_USAGE[wire](asObject(body['usage']))
  return {
    id: asText(body['id']),
    model: asText(body['model']),
    parts,
    stop,
    ...(usage === undefined ? {} : { usage }),
  }
}
