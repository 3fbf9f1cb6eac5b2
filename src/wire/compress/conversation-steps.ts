import type { JsonObject } from '../json.ts'
import type { WireName } from '../wire.ts'
import { MESSAGE_FACTS, type MessageFacts } from './message-facts.ts'

/** Messages that may only stay or go together: a tool call and its result are never apart. */
export interface Step {
  readonly kind: 'instruction' | 'user' | 'assistant'
  readonly messages: readonly JsonObject[]
}

/** A conversation as steps: what somebody said, or what the assistant did at a time together with the results of its calls. */
export function conversationSteps(wire: WireName, messages: readonly JsonObject[]): readonly Step[] {
  const facts = messages.map(MESSAGE_FACTS[wire])
  const starts = facts.flatMap((each, index) => (beginsStep(each, facts[index - 1]) ? [index] : []))
  const bounds = withoutCutPairs(starts, facts)
  return bounds.map((start, index) => {
    const kind = facts[start]?.kind ?? 'user'
    const end = bounds[index + 1] ?? messages.length
    const oneKind = facts.slice(start, end).every((each) => each.kind === 'instruction')
    const told = kind === 'instruction' && !oneKind ? 'assistant' : kind
    return { kind: told === 'result' ? 'assistant' : told, messages: messages.slice(start, end) }
  })
}

function beginsStep({ kind }: MessageFacts, before: MessageFacts | undefined): boolean {
  if (before === undefined || kind === 'user' || kind === 'instruction') return true
  return kind === 'assistant' ? before.kind !== 'assistant' : before.kind === 'user' || before.kind === 'instruction'
}

/** Where a result stands behind something that began a step of its own, the steps are one. */
function withoutCutPairs(starts: readonly number[], facts: readonly MessageFacts[]): readonly number[] {
  const calledAt = new Map<string, number>()
  const joined = new Set<number>()
  for (const [index, { calls, results }] of facts.entries()) {
    for (const id of results) {
      const from = calledAt.get(id)
      if (from === undefined) continue
      for (const start of starts) if (start > from && start <= index) joined.add(start)
    }
    for (const id of calls) if (!calledAt.has(id)) calledAt.set(id, index)
  }
  return starts.filter((start) => !joined.has(start))
}
