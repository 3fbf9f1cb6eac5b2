import { parseObject } from '../json.ts'
import type { WireName } from '../wire.ts'
import { DECODE_ANSWER } from './answer-decoders.ts'
import { type AnswerFacts, ENCODE_ANSWER } from './answer-encoders.ts'

/** Says a complete answer, judged to be one before, in another protocol. */
export function translateAnswer(from: WireName, to: WireName, text: string, facts: AnswerFacts): string {
  return JSON.stringify(ENCODE_ANSWER[to](DECODE_ANSWER[from](parseObject(text) ?? {}), facts))
}
