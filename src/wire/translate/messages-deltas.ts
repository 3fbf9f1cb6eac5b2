import { asNumber, asObject, asText, type JsonObject, parseObject } from '../json.ts'
import type { SseEvent } from '../sse.ts'
import { reportBlock } from './answer-losses.ts'
import type { Delta } from './answer.ts'
import type { LossReport } from './loss-report.ts'
import { FROM_MESSAGES } from './stop-reasons.ts'
import { READ_USAGE } from './token-counts.ts'

const SHOWN = new Set(['text', 'thinking', 'tool_use'])

/** Reads a Messages stream. */
export class MessagesDeltas {
  #usage: JsonObject = {}
  readonly #kinds = new Map<string, string>()
  readonly #report: LossReport

  constructor(report: LossReport) {
    this.#report = report
  }

  take({ name, data }: SseEvent): readonly Delta[] {
    const object = parseObject(data)
    if (object === undefined) return []
    const part = `block ${asNumber(object['index']) ?? 0}`
    switch (asText(object['type']) || name) {
      case 'message_start': {
        const message = asObject(object['message'])
        this.#usage = asObject(message?.['usage']) ?? {}
        return [{ kind: 'start', id: asText(message?.['id']), model: asText(message?.['model']) }]
      }
      case 'content_block_start':
        return this.#began(part, asObject(object['content_block']) ?? {})
      case 'content_block_delta':
        return this.#piece(part, asObject(object['delta']) ?? {})
      case 'content_block_stop':
        return this.#kinds.has(part) ? [{ kind: 'close', part }] : []
      case 'message_delta': {
        this.#usage = { ...this.#usage, ...asObject(object['usage']) }
        const reason = asText(asObject(object['delta'])?.['stop_reason'])
        return reason === '' ? [] : [{ kind: 'stop', reason: FROM_MESSAGES[reason] ?? 'stop' }]
      }
      case 'message_stop': {
        const usage = READ_USAGE.messages(Object.keys(this.#usage).length === 0 ? undefined : this.#usage)
        return [...(usage === undefined ? [] : [{ kind: 'usage', usage } as const]), { kind: 'end' }]
      }
      default:
        return []
    }
  }

  #began(part: string, block: JsonObject): readonly Delta[] {
    const type = asText(block['type'])
    this.#kinds.set(part, type)
    reportBlock(block, this.#report)
    if (type === 'tool_use') {
      const input = asObject(block['input']) ?? {}
      return [
        { kind: 'call', part, id: asText(block['id']), name: asText(block['name']) },
        ...(Object.keys(input).length === 0 ? [] : [{ kind: 'input', part, text: JSON.stringify(input) } as const]),
      ]
    }
    return SHOWN.has(type) ? said(part, block) : []
  }

  #piece(part: string, delta: JsonObject): readonly Delta[] {
    const type = asText(delta['type'])
    if (type === 'citations_delta') this.#report.drop('content.citations')
    if (type === 'signature_delta') this.#report.drop('content.thinking.signature')
    // The input of a hosted tool is no input of the caller's calls.
    return SHOWN.has(this.#kinds.get(part) ?? 'text') ? said(part, delta) : []
  }
}

function said(part: string, delta: JsonObject): readonly Delta[] {
  const found = [
    { kind: 'text', part, text: asText(delta['text']) },
    { kind: 'reasoning', part, text: asText(delta['thinking']) },
    { kind: 'input', part, text: asText(delta['partial_json']) },
  ] as const
  return found.filter(({ text }) => text !== '')
}
