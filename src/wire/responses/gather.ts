import { asArray, asNumber, asObject, asText, type JsonObject, parseObject } from '../json.ts'
import { SseFramer, type SseFrame } from '../sse.ts'
import type { WireEvidence } from '../wire.ts'

export type Gathered =
  | { readonly kind: 'body'; readonly text: string }
  | { readonly kind: 'failure'; readonly evidence: WireEvidence }

/**
 * Makes the one JSON body of a complete Responses stream, for a caller that did not stream.
 * `output` is filled from the finished items when the terminal event leaves it null or empty (11179), and from text deltas when there are no items either (5736).
 */
export function gatherResponses(stream: Uint8Array): Gathered {
  const framer = new SseFramer(Number.POSITIVE_INFINITY)
  const pushed = framer.push(stream)
  const frames: readonly SseFrame[] = [...(Array.isArray(pushed) ? pushed : []), ...framer.finish()]
  const items = new Map<number, JsonObject>()
  let text = ''
  let response: JsonObject | undefined
  for (const frame of frames) {
    const object = frame.event === undefined ? undefined : parseObject(frame.event.data)
    if (object === undefined) continue
    const type = asText(object['type']) || (frame.event?.name ?? '')
    const item = asObject(object['item'])
    if (type === 'response.output_item.done' && item !== undefined)
      items.set(asNumber(object['output_index']) ?? items.size, item)
    else if (type === 'response.output_text.delta') text += asText(object['delta'])
    else if (type === 'response.completed' || type === 'response.incomplete') response = asObject(object['response'])
  }
  if (response === undefined) {
    return {
      kind: 'failure',
      evidence: {
        channel: 'end',
        error: { name: 'MissingTerminalEvent', message: 'the stream ended without response.completed' },
      },
    }
  }
  const output = asArray(response['output'])
  const finished = [...items.entries()].sort(([one], [other]) => one - other).map(([, item]) => item)
  const told = output.length > 0 ? output : finished.length > 0 ? finished : text === '' ? [] : [message(text)]
  return { kind: 'body', text: JSON.stringify({ ...response, output: told }) }
}

function message(text: string): JsonObject {
  const content = [{ type: 'output_text', text, annotations: [] }]
  return { id: 'msg_gathered', type: 'message', status: 'completed', role: 'assistant', content }
}
