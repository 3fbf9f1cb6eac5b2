import { parseObject } from '../json.ts'
import type { WireName } from '../wire.ts'
import { DECODE_ANSWER } from './answer-decoders.ts'
import { type AnswerFacts, ENCODE_ANSWER } from './answer-encoders.ts'
import { LossReport } from './loss-report.ts'

/**
 * Says a complete answer, judged to be one before, in another protocol.
 * @param report told what the other protocol has no place for
 */
export function translateAnswer(
  from: WireName,
  to: WireName,
  text: string,
  facts: AnswerFacts,
  report = new LossReport(),
): string {
  const answer = DECODE_ANSWER[from](parseObject(text) ?? {}, report)
  return JSON.stringify(ENCODE_ANSWER[to]({ ...answer, id: facts.answerId ?? answer.id }, facts))
}
