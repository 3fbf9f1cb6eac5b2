import type { SseEvent } from '../sse.ts'
import type { WireName } from '../wire.ts'
import type { Delta } from './answer.ts'
import { ChatDeltas } from './chat-deltas.ts'
import { LossReport } from './loss-report.ts'
import { MessagesDeltas } from './messages-deltas.ts'
import { ResponsesDeltas } from './responses-deltas.ts'

/** Reads one stream, event by event. */
export interface DeltaDecoder {
  take(event: SseEvent): readonly Delta[]
}

/** @param report told what no other protocol has a place for */
export const DECODE_STREAM: Readonly<Record<WireName, (report?: LossReport) => DeltaDecoder>> = {
  responses: (report = new LossReport()) => new ResponsesDeltas(report),
  'chat-completions': (report = new LossReport()) => new ChatDeltas(report),
  messages: (report = new LossReport()) => new MessagesDeltas(report),
}
