import type { SimulatedToolCall, Step } from './scenario.ts'

export type AnswerStep = Extract<Step, { kind: 'answer' }>
export type FailedStep = Extract<Step, { kind: 'failed' }>
export type IncompleteStep = Extract<Step, { kind: 'incomplete' }>

/** One event of a stream; `visible` marks what a person could see. */
export interface SimulatedEvent {
  readonly event?: string
  readonly data: unknown
  readonly visible?: true
}

/** An answer in both of its forms. */
export interface SimulatedAnswer {
  readonly body: unknown
  readonly events: readonly SimulatedEvent[]
}

/** What an answer has to repeat of its request. */
export interface Told {
  /** Part of every id in the answer. */
  readonly id: string
  readonly model: string
  readonly nowMs: number
  /** Chat Completions streams count tokens only for who asked (`stream_options.include_usage`). */
  readonly includeUsage: boolean
}

/** All that one wire can say. */
export interface AnswerWriter {
  good(step: AnswerStep, told: Told): SimulatedAnswer
  incomplete(step: IncompleteStep, told: Told): SimulatedAnswer
  failed(step: FailedStep, told: Told): SimulatedAnswer
  /** Complete and well-formed, but nothing was said. */
  empty(told: Told): SimulatedAnswer
}

export const DEFAULT_TEXT = 'The answer is 42.'

/** Cuts a text into about `count` parts, never inside a character. */
export function pieces(text: string, count: number): readonly string[] {
  const characters = Array.from(text)
  const size = Math.max(1, Math.ceil(characters.length / Math.max(1, count)))
  const parts: string[] = []
  for (let start = 0; start < characters.length; start += size)
    parts.push(characters.slice(start, start + size).join(''))
  return parts
}

/** The calls of an answer, in order, each with an identity of its own; the first has that of the answer. */
export function toolCallsOf(
  { toolCall = [] }: Pick<AnswerStep, 'toolCall'>,
  told: Told,
): ReadonlyArray<{ readonly call: SimulatedToolCall; readonly told: Told }> {
  const calls = 'name' in toolCall ? [toolCall] : toolCall
  return calls.map((call, at) => ({ call, told: at === 0 ? told : { ...told, id: `${told.id}_${at}` } }))
}

/** @returns tokens of an answer, as its scenario says or the usual ones */
export function tokensOf({ usage }: Pick<AnswerStep, 'usage'>) {
  const { inputTokens = 12, outputTokens = 6, cachedTokens = 0 } = usage ?? {}
  return { inputTokens, outputTokens, cachedTokens }
}
