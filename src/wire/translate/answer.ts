import type { ToolCall } from './conversation.ts'

/** Why an answer ended, in no vendor's words. */
export type StopReason = 'stop' | 'length' | 'tool_calls' | 'refusal'

/** Tokens; `input` includes what was read from and written to a cache. */
export interface TokenCount {
  readonly input: number
  readonly cached: number
  readonly cacheWritten: number
  /** Includes reasoning. */
  readonly output: number
  readonly reasoning: number
}

export type AnswerPart =
  | { readonly type: 'text' | 'refusal' | 'reasoning'; readonly text: string }
  | Pick<ToolCall, 'type' | 'id' | 'name' | 'input'>

/** A complete answer. */
export interface Answer {
  readonly id: string
  readonly model: string
  readonly parts: readonly AnswerPart[]
  readonly stop: StopReason
  /** Absent when the upstream counted nothing: no number is invented. */
  readonly usage?: TokenCount
}

/** One step of a streamed answer. `part` tells the parts apart; they may interleave. */
export type Delta =
  | { readonly kind: 'start'; readonly id: string; readonly model: string }
  | { readonly kind: 'text' | 'refusal' | 'reasoning'; readonly part: string; readonly text: string }
  | { readonly kind: 'call'; readonly part: string; readonly id: string; readonly name: string }
  | { readonly kind: 'input'; readonly part: string; readonly text: string }
  | { readonly kind: 'close'; readonly part: string }
  | { readonly kind: 'usage'; readonly usage: TokenCount }
  | { readonly kind: 'stop'; readonly reason: StopReason }
  /** The terminal event has come. */
  | { readonly kind: 'end' }

/** How an answer ended, as far as the upstream has told. */
export type AnswerEnd = Pick<Answer, 'stop' | 'usage'>

/** What a writer tells as it comes; the rest belongs to the answer's end. */
export type ToldDelta = Exclude<Delta, { kind: 'end' } | { kind: 'usage' } | { kind: 'stop' }>
