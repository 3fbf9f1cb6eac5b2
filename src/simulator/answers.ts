import type { WireName } from '../wire/wire.ts'
import { chatAnswers } from './chat-answers.ts'
import { messagesAnswers } from './messages-answers.ts'
import { responsesAnswers } from './responses-answers.ts'
import type { AnswerWriter } from './simulated-answer.ts'

/** What each wire can say, well or badly. */
export const ANSWERS: Readonly<Record<WireName, AnswerWriter>> = {
  responses: responsesAnswers,
  'chat-completions': chatAnswers,
  messages: messagesAnswers,
}
