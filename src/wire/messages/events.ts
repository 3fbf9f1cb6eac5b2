import { asObject, asText, type JsonObject, parseObject } from '../json.ts'
import { isPlainMessagesDelta } from '../plain-delta.ts'
import { missingTerminal, saysError } from '../soft-failure.ts'
import type { SseFrame } from '../sse.ts'
import type { FrameMeaning, StreamObserver, Usage, WireEvidence } from '../wire.ts'
import { messagesUsage } from './failures.ts'

const HANDSHAKE: FrameMeaning = { kind: 'handshake' }
const VISIBLE: FrameMeaning = { kind: 'visible' }

/** Watches one Messages stream. */
export class MessagesStreamObserver implements StreamObserver {
  #output = false
  #frames = false
  #started = false
  #stopped = false
  #stopReason = ''
  #usage: Usage | undefined

  observe(frame: SseFrame): FrameMeaning {
    const { event } = frame
    if (event === undefined) return HANDSHAKE
    if (event.errorField !== undefined) return failed(event.errorField)
    if (event.name === 'error') return failed(event.data)
    if (isPlainMessagesDelta(event.data)) {
      this.#frames = true
      return this.#shown(true)
    }
    const object = parseObject(event.data)
    if (object === undefined) return HANDSHAKE
    this.#frames = true
    const type = asText(object['type']) || event.name
    switch (type) {
      case 'message_start':
        this.#started = true
        this.#count(asObject(asObject(object['message'])?.['usage']))
        return HANDSHAKE
      case 'message_delta':
        this.#stopReason = asText(asObject(object['delta'])?.['stop_reason']) || this.#stopReason
        this.#count(asObject(object['usage']))
        return HANDSHAKE
      case 'message_stop':
        return this.#atStop()
      case 'content_block_start':
        return this.#shown(blockShows(asObject(object['content_block'])))
      case 'content_block_delta':
        return this.#shown(deltaShows(asObject(object['delta'])))
      default:
        return saysError(object) ? failed(event.data) : HANDSHAKE
    }
  }

  end(): WireEvidence | undefined {
    if (this.#stopped) return undefined
    return missingTerminal({ output: this.#output, frames: this.#frames, what: 'message_stop' })
  }

  usage(): Usage | undefined {
    return this.#usage
  }

  /** A stop without a start, or without a word and a reason, is not a message: the SDK throws on the first and has nothing to show for the second. */
  #atStop(): FrameMeaning {
    if (!this.#started || (!this.#output && this.#stopReason === '')) return { kind: 'failure', evidence: EMPTY_ANSWER }
    this.#stopped = true
    return { kind: 'complete' }
  }

  /** Later events may leave fields out; what was counted before stays. */
  #count(usage: JsonObject | undefined): void {
    this.#usage = { ...this.#usage, ...messagesUsage(usage) }
  }

  #shown(something: boolean): FrameMeaning {
    if (!something) return HANDSHAKE
    this.#output = true
    return VISIBLE
  }
}

const EMPTY_ANSWER: WireEvidence = {
  channel: 'end',
  error: { name: 'EmptyAnswer', message: 'message_stop came without a message' },
}

/** An empty text or thinking block is only an announcement; a tool call or a tool's result is already something to act on. */
function blockShows(block: JsonObject | undefined): boolean {
  const type = asText(block?.['type'])
  if (type === 'text' || type === 'thinking') return asText(block?.[type]) !== ''
  return type !== '' && type !== 'redacted_thinking'
}

function deltaShows(delta: JsonObject | undefined): boolean {
  return (
    ['text', 'partial_json', 'thinking'].some((name) => asText(delta?.[name]) !== '') ||
    asText(delta?.['type']) === 'citations_delta'
  )
}

function failed(body: string): FrameMeaning {
  return { kind: 'failure', evidence: { channel: 'event', body, eventName: 'error' } }
}
