import { asArray, asNumber, asObject, asText, type JsonObject, parseObject } from '../json.ts'
import { type SseEvent, SseFramer, type SseFrame } from '../sse.ts'
import type { WireEvidence } from '../wire.ts'

export type Gathered =
  | { readonly kind: 'body'; readonly text: string }
  | { readonly kind: 'failure'; readonly evidence: WireEvidence }

/**
 * Puts the one response of a Responses stream together from its events.
 * `output` is filled from the finished items when the terminal event leaves it null or empty (11179), and from text deltas when there are no items either (5736).
 */
export class ResponseGatherer {
  readonly #items = new Map<number, JsonObject>()
  #text = ''
  #response: JsonObject | undefined
  #characters = 0

  /** What is kept of the events so far; the same words may count twice. */
  get characters(): number {
    return this.#characters
  }

  take(event: SseEvent): void {
    if (event.name.startsWith('response.') && !WANTED.has(event.name)) return
    const object = parseObject(event.data)
    if (object === undefined) return
    const type = asText(object['type']) || event.name
    const item = asObject(object['item'])
    if (type === 'response.output_item.done' && item !== undefined) {
      this.#items.set(asNumber(object['output_index']) ?? this.#items.size, item)
      this.#characters += event.data.length
    } else if (type === 'response.output_text.delta') {
      const delta = asText(object['delta'])
      this.#text += delta
      this.#characters += delta.length
    } else if (type === 'response.completed' || type === 'response.incomplete') {
      this.#response = asObject(object['response'])
      this.#characters += event.data.length
    }
  }

  /** @returns undefined as long as no terminal event has come */
  response(): JsonObject | undefined {
    if (this.#response === undefined) return undefined
    const output = asArray(this.#response['output'])
    const finished = [...this.#items.entries()].sort(([one], [other]) => one - other).map(([, item]) => item)
    const text = this.#text
    const told = output.length > 0 ? output : finished.length > 0 ? finished : text === '' ? [] : [message(text)]
    return { ...this.#response, output: told }
  }
}

const WANTED: ReadonlySet<string> = new Set([
  'response.output_item.done',
  'response.output_text.delta',
  'response.completed',
  'response.incomplete',
])

/** Makes the one JSON body of a complete Responses stream, for a caller that did not stream. */
export function gatherResponses(stream: Uint8Array): Gathered {
  const framer = new SseFramer(Number.POSITIVE_INFINITY)
  const pushed = framer.push(stream)
  const frames: readonly SseFrame[] = [...(Array.isArray(pushed) ? pushed : []), ...framer.finish()]
  const gatherer = new ResponseGatherer()
  for (const { event } of frames) if (event !== undefined) gatherer.take(event)
  const response = gatherer.response()
  if (response !== undefined) return { kind: 'body', text: JSON.stringify(response) }
  return {
    kind: 'failure',
    evidence: {
      channel: 'end',
      error: { name: 'MissingTerminalEvent', message: 'the stream ended without response.completed' },
    },
  }
}

function message(text: string): JsonObject {
  const content = [{ type: 'output_text', text, annotations: [] }]
  return { id: 'msg_gathered', type: 'message', status: 'completed', role: 'assistant', content }
}
