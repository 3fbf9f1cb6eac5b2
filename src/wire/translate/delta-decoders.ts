import type { SseEvent } from '../sse.ts'
import type { WireName } from '../wire.ts'
import type { Delta } from './answer.ts'
import { ChatDeltas } from './chat-deltas.ts'
import { MessagesDeltas } from './messages-deltas.ts'
import { ResponsesDeltas } from './responses-deltas.ts'

/** Reads one stream, event by event. */
export interface DeltaDecoder {
  take(event: SseEvent): readonly Delta[]
}

export const DECODE_STREAM: Readonly<Record<WireName, () => DeltaDecoder>> = {
  responses: () => new ResponsesDeltas(),
  'chat-completions': () => new ChatDeltas(),
  messages: () => new MessagesDeltas(),
}
