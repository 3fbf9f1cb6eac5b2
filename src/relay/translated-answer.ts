import type { HeaderList } from '../platform/network.ts'
import type { StreamFacts } from '../wire/translate/stream-facts.ts'
import { LossReport } from '../wire/translate/loss-report.ts'
import { translateAnswer } from '../wire/translate/translate-answer.ts'
import { StreamTranslation } from '../wire/translate/translate-stream.ts'
import type { WireName } from '../wire/wire.ts'
import type { AttemptAnswer } from './attempt.ts'
import type { AttemptBody, AttemptEnding } from './attempt-body.ts'
import type { TranslatedCall } from './translated-call.ts'

/** An upstream's answer in the caller's words, and what these have no place for, as far as it has come. */
export interface ToldAnswer {
  readonly answer: AttemptAnswer
  readonly lost: () => readonly string[]
}

/**
 * Says an answer in the caller's words. Its failures were judged before, in the upstream's own wire.
 * @param answerId of a Responses answer that its caller can go on from. @default it can be gone on from nowhere, and has the provider's id
 */
export async function translatedAnswer(
  answer: AttemptAnswer,
  translated: TranslatedCall,
  to: WireName,
  nowMs: number,
  answerId?: string,
): Promise<ToldAnswer> {
  const { wire, told } = translated
  const report = new LossReport()
  const { names, includeUsage } = told
  const facts: StreamFacts = { createdAt: Math.floor(nowMs / 1000), names, includeUsage, answerId }
  const type = answer.whole ? 'application/json' : 'text/event-stream; charset=utf-8'
  const headers: HeaderList = [
    ...answer.headers.filter(([name]) => name.toLowerCase() !== 'content-type'),
    ['content-type', type],
  ]
  const body = answer.whole
    ? await wholeBody(answer.body, (bytes) => translateAnswer(wire, to, Buffer.from(bytes).toString(), facts, report))
    : new StreamedBody(answer.body, new StreamTranslation(wire, to, facts, report))
  const responseId = answerId === undefined ? undefined : `resp_${answerId}`
  const translatedOne: AttemptAnswer = {
    kind: 'answer',
    status: answer.status,
    headers,
    body,
    whole: answer.whole,
    responseId,
  }
  return { answer: translatedOne, lost: () => report.dropped }
}

/** Translated at once: what was lost is told in a header. */
async function wholeBody(body: AttemptBody, translate: (bytes: Uint8Array) => string): Promise<AttemptBody> {
  const first = await body.next()
  if (first.done === true) return { next: () => Promise.resolve(first), return: () => body.return() }
  let given: Uint8Array | undefined = Buffer.from(translate(first.value))
  return {
    async next() {
      if (given === undefined) return body.next()
      const value = given
      given = undefined
      return { done: false, value }
    },
    return: () => body.return(),
  }
}

class StreamedBody implements AttemptBody {
  readonly #body: AttemptBody
  readonly #translation: StreamTranslation
  #ending: IteratorResult<Uint8Array, AttemptEnding> | undefined

  constructor(body: AttemptBody, translation: StreamTranslation) {
    this.#body = body
    this.#translation = translation
  }

  async next(): Promise<IteratorResult<Uint8Array, AttemptEnding>> {
    if (this.#ending !== undefined) return this.#ending
    for (;;) {
      const next = await this.#body.next()
      let text: string
      if (next.done === true) {
        this.#ending = next
        // The terminal events stand for a good end only: a broken one is told by whoever called.
        text = next.value.kind === 'complete' ? this.#translation.finish() : ''
        if (text === '') return next
      } else text = this.#translation.push(next.value)
      if (text !== '') return { done: false, value: Buffer.from(text) }
    }
  }

  return(): Promise<void> {
    return this.#body.return()
  }
}
