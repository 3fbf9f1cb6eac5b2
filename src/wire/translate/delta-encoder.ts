import type { WireName } from '../wire.ts'
import type { AnswerEnd, ToldDelta } from './answer.ts'
import { ChatWriter } from './chat-writer.ts'
import { MessagesWriter } from './messages-writer.ts'
import { ResponsesWriter } from './responses-writer.ts'
import type { StreamFacts } from './stream-facts.ts'

/** Writes one stream. */
export interface DeltaEncoder {
  write(delta: ToldDelta): string
  /** The terminal events. Never called for an answer that broke off. */
  finish(end: AnswerEnd): string
}

export const ENCODE_STREAM: Readonly<Record<WireName, (facts: StreamFacts) => DeltaEncoder>> = {
  responses: (facts) => new ResponsesWriter(facts),
  'chat-completions': (facts) => new ChatWriter(facts),
  messages: (facts) => new MessagesWriter(facts),
}
