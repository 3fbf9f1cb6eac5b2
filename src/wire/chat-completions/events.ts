import { asArray, asObject, asText, parseObject } from '../json.ts'
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
  #finish = ''
  #usage: Usage | undefined

  observe(frame: SseFrame): FrameMeaning {
    const { event } = frame
    if (event === undefined) return HANDSHAKE
    if (event.errorField !== undefined) return failed(event.errorField, 'error')
    if (event.data.trim() === '[DONE]') return this.#done()
    const object = parseObject(event.data)
    if (event.name === 'error') return failed(event.data, 'error')
    if (object === undefined) return HANDSHAKE
    this.#frames = true
    this.#usage = chatUsage(object) ?? this.#usage
    const choice = asObject(asArray(object['choices'])[0])
    // Error marks are looked for before any delta is forwarded: an error frame was shown as assistant text (58017).
    if (saysError(object) || asObject(choice?.['error']) !== undefined) return failed(event.data, event.name)
    if (choice === undefined)
      return object['code'] !== undefined && object['message'] !== undefined
        ? failed(event.data, event.name)
        : HANDSHAKE
    const finish = asText(choice['finish_reason'])
    if (isFailedFinish(finish)) return failed(event.data, event.name)
    if (finish !== '') this.#finish = finish
    const part = asObject(choice['delta']) ?? asObject(choice['message']) ?? choice
    if (!showsChatOutput(part) && asText(part['text']) === '') return HANDSHAKE
    this.#output = true
    return VISIBLE
  }

  end(): WireEvidence | undefined {
    if (this.#finish !== '') {
      return this.#output || endsWordless(this.#finish) ? undefined : EMPTY_ANSWER
    }
    return missingTerminal({ output: this.#output, frames: this.#frames, what: 'a finish_reason' })
  }

  usage(): Usage | undefined {
    return this.#usage
  }

  #done(): FrameMeaning {
    const evidence = this.end()
    return evidence === undefined ? { kind: 'complete' } : { kind: 'failure', evidence }
  }
}

function failed(body: string, eventName: string): FrameMeaning {
  return { kind: 'failure', evidence: { channel: 'event', body, eventName } }
}
