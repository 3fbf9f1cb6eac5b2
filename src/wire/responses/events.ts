import { asArray, asObject, asText, type JsonObject, parseObject } from '../json.ts'
import { isPlainResponsesDelta } from '../plain-delta.ts'
import { missingTerminal, saysError } from '../soft-failure.ts'
import type { SseFrame } from '../sse.ts'
import type { FrameMeaning, StreamObserver, Usage, WireEvidence } from '../wire.ts'
import { responseFailure, showsSomething, usageOf } from './failures.ts'

const HANDSHAKE: FrameMeaning = { kind: 'handshake' }
const VISIBLE: FrameMeaning = { kind: 'visible' }

/** Events whose mere arrival shows something to the caller. */
const VISIBLE_EVENTS = new Set([
  'response.output_text.delta',
  'response.refusal.delta',
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
  'response.mcp_call_arguments.delta',
  'response.code_interpreter_call_code.delta',
  'response.shell_call_command.delta',
  'response.reasoning_summary_text.delta',
  'response.reasoning_text.delta',
  'response.image_generation_call.partial_image',
  'response.audio.delta',
  'response.audio.transcript.delta',
])

const TERMINAL_EVENTS = new Set(['response.completed', 'response.failed', 'response.incomplete', 'response.cancelled'])

/** Watches one Responses stream. Unknown events are handshake: private ones (`codex.rate_limits`) come first and must not break it (14634). */
export class ResponsesStreamObserver implements StreamObserver {
  #output = false
  #frames = false
  #terminal = false
  #usage: Usage | undefined

  observe(frame: SseFrame): FrameMeaning {
    const { event } = frame
    if (event === undefined) return HANDSHAKE
    if (event.errorField !== undefined) return failed(event.errorField, 'error')
    if (event.name !== 'error' && isPlainResponsesDelta(event.data)) {
      this.#frames = true
      return this.#shown(true)
    }
    if (event.data === '[DONE]') return HANDSHAKE
    const object = parseObject(event.data)
    if (object === undefined) return event.name === 'error' ? failed(event.data, 'error') : HANDSHAKE
    this.#frames = true
    const type = asText(object['type']) || event.name
    if (TERMINAL_EVENTS.has(type)) return this.#atTerminal(type, object, event.data)
    if (type === 'error' || event.name === 'error' || type === 'response.error') return failed(event.data, type)
    if (VISIBLE_EVENTS.has(type)) return this.#shown(asText(object['delta']) !== '' || !type.endsWith('.delta'))
    if (type === 'response.output_item.done') return this.#shown(showsSomething(asObject(object['item'])))
    // The protocol's own events may carry `error` fields of their own; in a foreign event the same field is the failure (58017, 68451).
    if (!/^(?:response|codex)\./.test(type) && saysError(object)) return failed(event.data, type || event.name)
    return HANDSHAKE
  }

  end(): WireEvidence | undefined {
    if (this.#terminal) return undefined
    return missingTerminal({ output: this.#output, frames: this.#frames, what: 'response.completed' })
  }

  usage(): Usage | undefined {
    return this.#usage
  }

  #shown(something: boolean): FrameMeaning {
    if (!something) return HANDSHAKE
    this.#output = true
    return VISIBLE
  }

  /** The terminal status decides, never the presence of output (119814). */
  #atTerminal(type: string, object: JsonObject, data: string): FrameMeaning {
    this.#terminal = true
    const response = asObject(object['response'])
    this.#usage = usageOf(response)
    // Imitators leave the status out of the object: the event's name says it as well.
    const status = asText(response?.['status']) || type.slice('response.'.length)
    const failure = responseFailure({ ...response, status }, this.#output)
    if (failure !== undefined) return { kind: 'failure', evidence: { ...failure, body: data, eventName: type } }
    if (type === 'response.failed' || type === 'response.cancelled') return failed(data, type)
    if (type === 'response.completed' && !this.#output && asArray(response?.['output']).length === 0) {
      return {
        kind: 'failure',
        evidence: {
          channel: 'end',
          error: { name: 'EmptyAnswer', message: 'the response completed without any output' },
        },
      }
    }
    return { kind: 'complete' }
  }
}

function failed(body: string, eventName: string): FrameMeaning {
  return { kind: 'failure', evidence: { channel: 'event', body, eventName } }
}
