import type { Part, ToolResult, Turn } from './conversation.ts'

/**
 * Turns as the strict wires want them: neighbours of one role joined, and the results of a turn's calls right behind it, before all else.
 * Nothing is invented: a call without a result stays without one.
 */
export function orderedTurns(turns: readonly Turn[]): readonly Turn[] {
  const joined = join(turns)
  const results = new Map<string, ToolResult[]>()
  const called = new Set<string>()
  const moved = new Set<Part>()
  for (const { parts } of joined)
    for (const part of parts) {
      if (part.type === 'tool_call') called.add(part.id)
      else if (part.type === 'tool_result' && called.has(part.id)) {
        results.set(part.id, [...(results.get(part.id) ?? []), part])
        moved.add(part)
      }
    }
  const ordered: Turn[] = []
  for (const { role, parts } of joined) {
    const rest = parts.filter((part) => !moved.has(part))
    if (rest.length > 0) ordered.push({ role, parts: rest })
    const answers: Part[] = []
    for (const part of parts) {
      if (part.type !== 'tool_call') continue
      answers.push(...(results.get(part.id) ?? []))
      // A repeated id: its results are told once.
      results.delete(part.id)
    }
    if (answers.length > 0) ordered.push({ role: 'user', parts: answers })
  }
  return join(ordered)
}

function join(turns: readonly Turn[]): readonly Turn[] {
  const joined: Turn[] = []
  for (const turn of turns) {
    if (turn.parts.length === 0) continue
    const last = joined.at(-1)
    if (last?.role === turn.role) joined[joined.length - 1] = { role: last.role, parts: [...last.parts, ...turn.parts] }
    else joined.push(turn)
  }
  return joined
}
