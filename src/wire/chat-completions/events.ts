import { asArray, asNumber, asObject, asText, type JsonObject, parseObject } from '../json.ts'
import { isPlainChatDelta } from '../plain-delta.ts'
import { missingTerminal, saysError } from '../soft-failure.ts'
import type { SseFrame } from '../sse.ts'
import type { FrameMeaning, StreamObserver, Usage, WireEvidence } from '../wire.ts'
import { chatUsage, EMPTY_ANSWER, endsWordless, isFailedFinish, showsChatOutput } from './failures.ts'

const HANDSHAKE: FrameMeaning = { kind: 'handshake' }
const VISIBLE: FrameMeaning = { kind: 'visible' }

/** Watches one Chat Completions stream. `[DONE]` alone proves nothing: vLLM sends it behind an error too. */
export class ChatStreamObserver implements StreamObserver {
  #output = false
  #frames = false
  /** Choices by index: begun, and ended with which reason. A request with `n` > 1 ends when all of them have. */
  readonly #finishes = new Map<number, string>()
  #usage: Usage | undefined

  observe(frame: SseFrame): FrameMeaning {
    const { event } = frame
    if (event === undefined) return HANDSHAKE
    if (event.errorField !== undefined) return failed(event.errorField, 'error')
    if (event.name !== 'error' && isPlainChatDelta(event.data)) return this.#plain()
    if (event.data.trim() === '[DONE]') return this.#done()
    const object = parseObject(event.data)
    if (event.name === 'error') return failed(event.data, 'error')
    if (object === undefined) return HANDSHAKE
    this.#frames = true
    this.#usage = chatUsage(object) ?? this.#usage
    const choices = asArray(object['choices']).flatMap((each): JsonObject[] => {
      const choice = asObject(each)
      return choice === undefined ? [] : [choice]
    })
    // Error marks are looked for before any delta is forwarded: an error frame was shown as assistant text (58017).
    if (saysError(object) || choices.some(isFailedChoice)) return failed(event.data, event.name)
    if (choices.length === 0 && object['code'] !== undefined && object['message'] !== undefined)
      return failed(event.data, event.name)
    const visible = choices.filter((choice) => this.#take(choice))
    return visible.length === 0 ? HANDSHAKE : VISIBLE
  }

  end(): WireEvidence | undefined {
    const finishes = [...this.#finishes.values()]
    if (finishes.length > 0 && !finishes.includes('')) {
      return this.#output || finishes.some(endsWordless) ? undefined : EMPTY_ANSWER
    }
    return missingTerminal({ output: this.#output, frames: this.#frames, what: 'a finish_reason' })
  }

  usage(): Usage | undefined {
    return this.#usage
  }

  #plain(): FrameMeaning {
    this.#frames = true
    this.#output = true
    if (!this.#finishes.has(0)) this.#finishes.set(0, '')
    return VISIBLE
  }

  /** @returns whether the choice showed something */
  #take(choice: JsonObject): boolean {
    const index = asNumber(choice['index']) ?? 0
    const finish = asText(choice['finish_reason'])
    if (finish !== '' || !this.#finishes.has(index)) this.#finishes.set(index, finish)
    const part = asObject(choice['delta']) ?? asObject(choice['message']) ?? choice
    const shows = showsChatOutput(part) || asText(part['text']) !== ''
    this.#output ||= shows
    return shows
  }

  #done(): FrameMeaning {
    const evidence = this.end()
    return evidence === undefined ? { kind: 'complete' } : { kind: 'failure', evidence }
  }
}

function isFailedChoice(choice: JsonObject): boolean {
  return isFailedFinish(asText(choice['finish_reason'])) || asObject(choice['error']) !== undefined
}

function failed(body: string, eventName: string): FrameMeaning {
  return { kind: 'failure', evidence: { channel: 'event', body, eventName } }
}
