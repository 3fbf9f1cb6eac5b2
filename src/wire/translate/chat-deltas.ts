import { asArray, asNumber, asObject, asText, parseObject } from '../json.ts'
import type { SseEvent } from '../sse.ts'
import { reportMessage } from './answer-losses.ts'
import type { Delta, StopReason } from './answer.ts'
import type { LossReport } from './loss-report.ts'
import { FROM_CHAT } from './stop-reasons.ts'
import { READ_USAGE } from './token-counts.ts'

/** Reads a Chat Completions stream. Usage may come with the end, behind it or never. */
export class ChatDeltas {
  #started = false
  readonly #calls = new Set<string>()
  readonly #report: LossReport

  constructor(report: LossReport) {
    this.#report = report
  }

  take({ data }: SseEvent): readonly Delta[] {
    if (data.trim() === '[DONE]') return [{ kind: 'end' }]
    const object = parseObject(data)
    if (object === undefined) return []
    const deltas: Delta[] = []
    if (!this.#started) deltas.push({ kind: 'start', id: asText(object['id']), model: asText(object['model']) })
    this.#started = true
    const choice = asObject(asArray(object['choices'])[0])
    const delta = asObject(choice?.['delta']) ?? asObject(choice?.['message']) ?? {}
    reportMessage(delta, this.#report)
    const say = (kind: 'text' | 'refusal' | 'reasoning', text: string) => {
      if (text !== '') deltas.push({ kind, part: kind, text })
    }
    say('reasoning', asText(delta['reasoning_content']) || asText(delta['reasoning']))
    say('text', asText(delta['content']))
    say('refusal', asText(delta['refusal']))
    for (const [position, each] of asArray(delta['tool_calls']).entries()) {
      const call = asObject(each)
      const named = asObject(call?.['function'])
      const part = `call ${asNumber(call?.['index']) ?? position}`
      if (!this.#calls.has(part)) {
        this.#calls.add(part)
        deltas.push({ kind: 'call', part, id: asText(call?.['id']), name: asText(named?.['name']) })
      }
      const text = asText(named?.['arguments'])
      if (text !== '') deltas.push({ kind: 'input', part, text })
    }
    const finish = asText(choice?.['finish_reason'])
    if (finish !== '') deltas.push({ kind: 'stop', reason: this.#reason(finish) })
    const usage = READ_USAGE['chat-completions'](asObject(object['usage']))
    if (usage !== undefined) deltas.push({ kind: 'usage', usage })
    return deltas
  }

  /** Servers end calls with a plain `stop`, too. */
  #reason(finish: string): StopReason {
    const reason = FROM_CHAT[finish] ?? 'stop'
    return reason === 'stop' && this.#calls.size > 0 ? 'tool_calls' : reason
  }
}
