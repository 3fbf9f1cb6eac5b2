import { asArray, asNumber, asObject, asText, type JsonObject, parseObject } from '../json.ts'
import type { SseEvent } from '../sse.ts'
import { reportItem } from './answer-losses.ts'
import { responsesStop } from './answer-decoders.ts'
import type { AnswerPart, Delta } from './answer.ts'
import type { LossReport } from './loss-report.ts'
import { READ_USAGE } from './token-counts.ts'

const SAID = {
  'response.output_text.delta': 'text',
  'response.refusal.delta': 'refusal',
  'response.reasoning_summary_text.delta': 'reasoning',
  'response.reasoning_text.delta': 'reasoning',
  'response.function_call_arguments.delta': 'input',
} as const

/** Reads a Responses stream. Parts go by `output_index`: ids of one item change between its events at some relays. */
export class ResponsesDeltas {
  /** Parts seen, with what was already told of each. */
  readonly #told = new Map<string, { readonly type: AnswerPart['type']; something: boolean }>()
  readonly #report: LossReport

  constructor(report: LossReport) {
    this.#report = report
  }

  take({ name, data }: SseEvent): readonly Delta[] {
    const object = parseObject(data)
    if (object === undefined) return []
    const type = asText(object['type']) || name
    const index = asNumber(object['output_index']) ?? 0
    switch (type) {
      case 'response.created': {
        const response = asObject(object['response'])
        return [{ kind: 'start', id: asText(response?.['id']), model: asText(response?.['model']) }]
      }
      case 'response.output_item.added':
        return this.#call(index, asObject(object['item']) ?? {})
      case 'response.output_item.done':
        return this.#done(index, asObject(object['item']) ?? {})
      case 'response.completed':
      case 'response.incomplete':
        return this.#ended(asObject(object['response']) ?? {}, type.slice('response.'.length))
      default: {
        const kind = Object.hasOwn(SAID, type) ? SAID[type as keyof typeof SAID] : undefined
        return kind === undefined ? [] : this.#said(kind, index, asText(object['delta']))
      }
    }
  }

  #said(kind: 'text' | 'refusal' | 'reasoning' | 'input', index: number, text: string): readonly Delta[] {
    if (text === '') return []
    const part = kind === 'input' ? `item ${index}` : `item ${index} ${kind}`
    const known = this.#told.get(part)
    if (known === undefined) this.#told.set(part, { type: kind === 'input' ? 'tool_call' : kind, something: true })
    else known.something = true
    return [{ kind, part, text }]
  }

  #call(index: number, item: JsonObject): readonly Delta[] {
    const part = `item ${index}`
    if (asText(item['type']) !== 'function_call' || this.#told.has(part)) return []
    this.#told.set(part, { type: 'tool_call', something: false })
    return [{ kind: 'call', part, id: asText(item['call_id']), name: asText(item['name']) }]
  }

  /** Servers that stream no deltas tell everything here. */
  #done(index: number, item: JsonObject): readonly Delta[] {
    const type = asText(item['type'])
    const part = `item ${index}`
    reportItem(item, this.#report)
    if (type === 'function_call') {
      const began = this.#call(index, item)
      const told = this.#told.get(part)?.something === true
      return [...began, ...(told ? [] : this.#said('input', index, asText(item['arguments']))), { kind: 'close', part }]
    }
    const deltas: Delta[] = []
    const whole = (kind: 'text' | 'refusal' | 'reasoning', text: string) => {
      if (!this.#told.has(`${part} ${kind}`)) deltas.push(...this.#said(kind, index, text))
      if (this.#told.has(`${part} ${kind}`)) deltas.push({ kind: 'close', part: `${part} ${kind}` })
    }
    const parts = [...asArray(item['content']), ...asArray(item['summary'])].map((each) => asObject(each))
    const joined = (field: string, by: string) =>
      parts
        .map((each) => asText(each?.[field]))
        .filter((text) => text !== '')
        .join(by)
    if (type === 'reasoning') whole('reasoning', joined('text', '\n\n'))
    else if (type === 'message') {
      whole('text', joined('text', ''))
      whole('refusal', joined('refusal', ''))
    }
    return deltas
  }

  #ended(response: JsonObject, said: string): readonly Delta[] {
    const deltas: Delta[] = []
    if (this.#told.size === 0)
      for (const [index, item] of asArray(response['output']).entries())
        deltas.push(...this.#done(index, asObject(item) ?? {}))
    const reason = asText(asObject(response['incomplete_details'])?.['reason'])
    deltas.push({
      kind: 'stop',
      reason: responsesStop(asText(response['status']) || said, reason, [...this.#told.values()]),
    })
    const usage = READ_USAGE.responses(asObject(response['usage']))
    if (usage !== undefined) deltas.push({ kind: 'usage', usage })
    return [...deltas, { kind: 'end' }]
  }
}
