import fc from 'fast-check'
import type { JsonObject } from '../../src/wire/json.ts'
import type { WireName } from '../../src/wire/wire.ts'

/** What happens in a conversation, in no protocol's words. */
export type Happening =
  | { readonly kind: 'user'; readonly text: string }
  | { readonly kind: 'instruction'; readonly text: string }
  /** Calls at once; a result comes right behind them, after an interjection of the user, or never. */
  | {
      readonly kind: 'work'
      readonly text: string
      readonly results: ReadonlyArray<{ readonly length: number; readonly when: 'next' | 'later' | 'never' }>
    }

const result = fc.record({
  length: fc.constantFrom(0, 10, 300, 5_000),
  when: fc.constantFrom('next', 'next', 'next', 'later', 'never') as fc.Arbitrary<'next' | 'later' | 'never'>,
})
const text = fc.string({ maxLength: 40 })
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant('user' as const), text }),
  fc.record({ kind: fc.constant('instruction' as const), text }),
  fc.record({ kind: fc.constant('work' as const), text, results: fc.array(result, { maxLength: 3 }) }),
)

/** Conversations of every shape, with tools. */
export const conversations: fc.Arbitrary<readonly Happening[]> = fc.array(happening, { maxLength: 14 })

/** The same conversation in the words of a protocol. */
export function told(wire: WireName, happenings: readonly Happening[]): readonly JsonObject[] {
  return happenings.flatMap((each, index) => {
    if (each.kind === 'user') return [message(wire, 'user', each.text)]
    if (each.kind === 'instruction') return wire === 'messages' ? [] : [message(wire, 'system', each.text)]
    const calls = each.results.map((_, call) => `c${index}_${call}`)
    const answers = (when: string) =>
      each.results.flatMap(({ length, when: own }, call) =>
        own === when ? [[calls[call] ?? '', length] as const] : [],
      )
    const later = answers('later')
    return [
      ...work(wire, each.text, calls),
      ...results(wire, answers('next')),
      ...(later.length === 0 ? [] : [message(wire, 'user', 'wait'), ...results(wire, later)]),
    ]
  })
}

function message(wire: WireName, role: string, content: string): JsonObject {
  return wire === 'responses'
    ? { type: 'message', role, content: [{ type: 'input_text', text: content }] }
    : { role, content }
}

function work(wire: WireName, said: string, ids: readonly string[]): readonly JsonObject[] {
  if (wire === 'responses')
    return [
      { type: 'reasoning', id: 'rs', summary: [], encrypted_content: 'x' },
      message(wire, 'assistant', said),
      ...ids.map((id) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' })),
    ]
  if (wire === 'messages')
    return [
      {
        role: 'assistant',
        content: [{ type: 'text', text: said }, ...ids.map((id) => ({ type: 'tool_use', id, name: 'f', input: {} }))],
      },
    ]
  const calls = ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } }))
  return [{ role: 'assistant', content: said, ...(calls.length === 0 ? {} : { tool_calls: calls }) }]
}

function results(wire: WireName, given: ReadonlyArray<readonly [id: string, length: number]>): readonly JsonObject[] {
  if (given.length === 0) return []
  const output = (length: number) => 'o'.repeat(length)
  if (wire === 'responses')
    return given.map(([id, length]) => ({ type: 'function_call_output', call_id: id, output: output(length) }))
  if (wire === 'chat-completions')
    return given.map(([id, length]) => ({ role: 'tool', tool_call_id: id, content: output(length) }))
  return [
    {
      role: 'user',
      content: given.map(([id, length]) => ({ type: 'tool_result', tool_use_id: id, content: output(length) })),
    },
  ]
}
