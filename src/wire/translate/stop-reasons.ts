import type { StopReason } from './answer.ts'

/** Messages -> canonical. What is not known ends the answer as a plain stop. */
export const FROM_MESSAGES: Readonly<Record<string, StopReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'refusal',
}

/** Chat Completions -> canonical. */
export const FROM_CHAT: Readonly<Record<string, StopReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'refusal',
}

export const TO_MESSAGES: Readonly<Record<StopReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  refusal: 'refusal',
}

export const TO_CHAT: Readonly<Record<StopReason, string>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  refusal: 'content_filter',
}

/** Status of a Response, and why it is incomplete. */
export const TO_RESPONSES: Readonly<Record<StopReason, { readonly status: string; readonly reason?: string }>> = {
  stop: { status: 'completed' },
  length: { status: 'incomplete', reason: 'max_output_tokens' },
  tool_calls: { status: 'completed' },
  refusal: { status: 'incomplete', reason: 'content_filter' },
}
