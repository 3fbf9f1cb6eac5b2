import type { WireName } from '../wire/wire.ts'
import type { Kind } from './kind.ts'
import type { SimulatedError, Step } from './scenario.ts'

const USED_UP: SimulatedError = {
  type: 'usage_limit_reached',
  message: 'The usage limit has been reached',
  resets_in_seconds: 13_872,
}

const FLAGGED: Readonly<Record<WireName, SimulatedError>> = {
  responses: { code: 'content_policy_violation', message: 'Your request was flagged.' },
  'chat-completions': { code: 'content_policy_violation', message: 'Your request was flagged.' },
  messages: {
    type: 'invalid_request_error',
    message: 'Output blocked: it was flagged for possible policy violations.',
  },
}

/** The handshake and a reasoning item without text: nothing was visible yet. */
function behindReasoning(wire: WireName, ending: 'end' | 'cut'): Step {
  const events = wire === 'messages' ? THINKING_BLOCK : REASONING_ITEM
  return { kind: 'events', events: events.map((data) => ({ event: data.type, data })), ending }
}

const REASONING = { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'gAAAAsimulated' }

const REASONING_ITEM = [
  { type: 'response.created', response: { id: 'resp_1', object: 'response', status: 'in_progress', output: [] } },
  { type: 'response.output_item.added', output_index: 0, item: REASONING },
  { type: 'response.output_item.done', output_index: 0, item: REASONING },
]

const THINKING_BLOCK = [
  {
    type: 'message_start',
    message: { id: 'msg_1', type: 'message', role: 'assistant', content: [], usage: { input_tokens: 1 } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
  { type: 'content_block_stop', index: 0 },
]

/** Answers that are none, connections that die, and failures behind the first output. */
export const BROKEN_ANSWERS: readonly Kind[] = [
  { kind: 'html-200', label: 'invalid_response', step: () => ({ kind: 'html' }) },
  { kind: 'empty-200', label: 'invalid_response', step: () => ({ kind: 'empty', of: 'bytes' }) },
  {
    kind: 'empty-200-untyped',
    label: 'invalid_response',
    step: () => ({ kind: 'raw', status: 200, headers: {}, body: '' }),
  },
  // Messages may end a turn without a word; the other two may not.
  {
    kind: 'empty-answer',
    label: 'invalid_response',
    wires: ['responses', 'chat-completions'],
    step: () => ({ kind: 'empty', of: 'output' }),
  },
  {
    kind: 'done-alone',
    label: 'invalid_response',
    wires: ['chat-completions'],
    modes: ['stream'],
    step: () => ({ kind: 'events', events: [{ data: '[DONE]' }] }),
  },
  {
    kind: 'garbage-200',
    label: 'invalid_response',
    step: () => ({ kind: 'raw', status: 200, headers: { 'content-type': 'application/json' }, body: '{"id": 7,,,' }),
  },
  { kind: 'malformed-events', label: 'invalid_response', modes: ['stream'], step: () => ({ kind: 'malformed' }) },
  {
    kind: 'truncated-200',
    label: 'invalid_response',
    modes: ['body'],
    step: () => ({ kind: 'end_early', at: 'after_output' }),
  },
  {
    kind: 'filtered-200',
    label: 'content_policy',
    wires: ['responses'],
    step: () => ({ kind: 'incomplete', reason: 'content_filter' }),
  },
  { kind: 'cut-before-headers', label: 'connection', step: () => ({ kind: 'cut', at: 'before_headers' }) },
  {
    kind: 'reset-before-headers',
    label: 'connection',
    step: () => ({ kind: 'cut', at: 'before_headers', how: 'reset' }),
  },
  { kind: 'cut-before-output', label: 'connection', step: () => ({ kind: 'cut', at: 'before_output' }) },
  {
    kind: 'reset-before-output',
    label: 'connection',
    step: () => ({ kind: 'cut', at: 'before_output', how: 'reset' }),
  },
  {
    kind: 'cut-after-reasoning',
    label: 'connection',
    wires: ['responses', 'messages'],
    modes: ['stream'],
    step: (wire) => behindReasoning(wire, 'cut'),
  },
  { kind: 'cut-in-body', label: 'connection', modes: ['body'], step: () => ({ kind: 'cut', at: 'after_output' }) },
  {
    kind: 'end-before-output',
    label: 'connection',
    modes: ['stream'],
    step: () => ({ kind: 'end_early', at: 'before_output' }),
  },
  {
    kind: 'end-after-reasoning',
    label: 'connection',
    wires: ['responses', 'messages'],
    modes: ['stream'],
    step: (wire) => behindReasoning(wire, 'end'),
  },
  { kind: 'hang-before-headers', label: 'timeout', step: () => ({ kind: 'hang', at: 'before_headers' }) },
  { kind: 'hang-before-output', label: 'timeout', step: () => ({ kind: 'hang', at: 'before_output' }) },
  {
    kind: 'cut-after-output',
    label: 'connection',
    modes: ['stream'],
    afterOutput: true,
    step: () => ({ kind: 'cut', at: 'after_output' }),
  },
  {
    kind: 'reset-after-output',
    label: 'connection',
    modes: ['stream'],
    afterOutput: true,
    step: () => ({ kind: 'cut', at: 'after_output', how: 'reset' }),
  },
  {
    kind: 'end-after-output',
    label: 'connection',
    modes: ['stream'],
    afterOutput: true,
    step: () => ({ kind: 'end_early', at: 'after_output' }),
  },
  {
    kind: 'hang-after-output',
    label: 'timeout',
    modes: ['stream'],
    afterOutput: true,
    step: () => ({ kind: 'hang', at: 'after_output' }),
  },
  {
    kind: 'overloaded-after-output',
    label: 'overloaded',
    modes: ['stream'],
    afterOutput: true,
    step: () => ({ kind: 'failed', textFirst: 'Half an', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  },
  {
    kind: 'policy-after-output',
    label: 'content_policy',
    modes: ['stream'],
    afterOutput: true,
    step: (wire) => ({ kind: 'failed', textFirst: 'Half an', error: FLAGGED[wire] }),
  },
  // After output the account is still empty: the call is told, the account is benched.
  {
    kind: 'quota-after-output',
    label: 'quota_exhausted',
    modes: ['stream'],
    afterOutput: true,
    step: () => ({ kind: 'failed', textFirst: 'Half an', error: USED_UP }),
  },
  // A reasoning item is no output: the answer is failed all the same.
  {
    kind: 'quota-after-reasoning',
    label: 'quota_exhausted',
    wires: ['responses'],
    step: () => ({ kind: 'failed', reasoningFirst: true, error: USED_UP }),
  },
]
