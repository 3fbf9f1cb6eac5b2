import { asArray, asObject } from '../json.ts'
import type { Answer } from './answer.ts'
import { TO_RESPONSES } from './stop-reasons.ts'
import { WRITE_USAGE } from './token-counts.ts'
import type { CallersTool } from './tool-names.ts'

/** What an output item says. */
export type ItemFacts =
  | { readonly type: 'text' | 'refusal' | 'reasoning'; readonly id: string; readonly text: string }
  | {
      readonly type: 'tool_call'
      readonly id: string
      readonly text: string
      readonly callId: string
      readonly tool: CallersTool
    }

/** A complete output item: the Codex CLI reads these and not the deltas. */
export function responseItem(facts: ItemFacts, status = 'completed'): Record<string, unknown> {
  const { text } = facts
  if (facts.type === 'reasoning')
    return { id: `rs_${facts.id}`, type: 'reasoning', summary: [{ type: 'summary_text', text }] }
  if (facts.type !== 'tool_call') {
    const part =
      facts.type === 'text' ? { type: 'output_text', text, annotations: [] } : { type: 'refusal', refusal: text }
    return { id: `msg_${facts.id}`, type: 'message', status, role: 'assistant', content: [part] }
  }
  const { name, namespace, custom } = facts.tool
  const call = { status, call_id: facts.callId, name, ...(namespace === undefined ? {} : { namespace }) }
  return custom
    ? { id: `ctc_${facts.id}`, type: 'custom_tool_call', ...call, input: text }
    : { id: `fc_${facts.id}`, type: 'function_call', ...call, arguments: text }
}

function isRefusal(item: unknown): boolean {
  return asArray(asObject(item)?.['content']).some((part) => asObject(part)?.['type'] === 'refusal')
}

/** A Response object at its end. */
export function responseObject(
  answer: Omit<Answer, 'parts'>,
  output: readonly unknown[],
  createdAt: number,
): Record<string, unknown> {
  const { status, reason } = TO_RESPONSES[answer.stop]
  // A refusal in words is a complete answer; one that breaks off what was said keeps its mark.
  const refused = answer.stop === 'refusal' && output.some(isRefusal)
  return {
    id: `resp_${answer.id}`,
    object: 'response',
    created_at: createdAt,
    status: refused ? 'completed' : status,
    error: null,
    incomplete_details: reason === undefined || refused ? null : { reason },
    model: answer.model,
    output,
    parallel_tool_calls: true,
    store: false,
    usage: answer.usage === undefined ? null : WRITE_USAGE.responses(answer.usage),
  }
}
