import fc from 'fast-check'
import type { AnswerFormat, Conversation, Part, Tool, ToolChoice, Turn } from '../../src/wire/translate/conversation.ts'

const text = fc.stringMatching(/^\S[\w äöü漢"\\{}<>.-]{0,38}\S$/)
const textPart = text.map((each): Part => ({ type: 'text', text: each }))
const base64 = fc.stringMatching(/^[A-Za-z0-9+/]{8}$/)
const image = fc.oneof(
  base64.map((data): Part => ({ type: 'image', source: { kind: 'base64', mediaType: 'image/png', data } })),
  fc.constant<Part>({ type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } }),
)
const file = base64.map(
  (data): Part => ({ type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data }, name: 'a.pdf' }),
)
const id = fc.stringMatching(/^[a-zA-Z0-9_-]{1,40}$/).filter((each) => !each.startsWith('skid_'))
const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,20}$/)

/** One round: the user speaks, the assistant answers and perhaps calls, the results come in any order. */
const round = fc
  .record({
    said: fc.array(fc.oneof(textPart, image, file), { minLength: 1, maxLength: 3 }),
    answer: fc.option(text, { nil: undefined }),
    calls: fc.uniqueArray(fc.record({ id, name, input: fc.dictionary(name, fc.jsonValue()), result: text }), {
      maxLength: 3,
      selector: (call) => call.id,
    }),
  })
  .chain((each) =>
    fc.shuffledSubarray(each.calls, { minLength: each.calls.length }).map((answers) => ({ ...each, answers })),
  )

const schema = fc.constantFrom<Record<string, unknown>>(
  { type: 'object', properties: {} },
  { type: 'object', properties: { a: { type: 'string', enum: ['x'] } }, required: ['a'], additionalProperties: false },
)
const tool: fc.Arbitrary<Tool> = fc.record({ name, custom: fc.constant(false), description: text, schema })
const choice: fc.Arbitrary<ToolChoice['kind'] | undefined> = fc.constantFrom(
  undefined,
  'auto',
  'required',
  'none',
  'tool',
)
const format: fc.Arbitrary<AnswerFormat | undefined> = fc.option(
  schema.map((each): AnswerFormat => ({ kind: 'json_schema', name: 'answer', schema: each, strict: false })),
  { nil: undefined },
)

/** Conversations that every protocol can say without a loss. */
export const canonicalConversations: fc.Arbitrary<Conversation> = fc
  .record({
    stream: fc.boolean(),
    system: fc.array(text, { maxLength: 2 }),
    rounds: fc.array(round, { minLength: 1, maxLength: 4 }),
    tools: fc.uniqueArray(tool, { maxLength: 3, selector: (each) => each.name }),
    choice,
    parallel: fc.constantFrom(undefined, true, false),
    maxTokens: fc.integer({ min: 1, max: 100_000 }),
    temperature: fc.constantFrom(undefined, 0, 0.5, 1),
    topP: fc.constantFrom(undefined, 0.25, 1),
    format,
    effort: fc.constantFrom(undefined, 'low', 'medium', 'high'),
  })
  .map(({ rounds, choice: kind, parallel, temperature, topP, format: asked, effort, ...rest }): Conversation => {
    const [first] = rest.tools
    const wanted: ToolChoice | undefined =
      kind === undefined || first === undefined ? undefined : kind === 'tool' ? { kind, name: first.name } : { kind }
    // "None at all" and "one at a time" cannot be said together in Messages.
    const serial = first === undefined || wanted?.kind === 'none' ? undefined : parallel
    return {
      model: 'm',
      stop: [],
      includeUsage: true,
      ...rest,
      turns: rounds.flatMap(turnsOf),
      ...(wanted === undefined ? {} : { choice: wanted }),
      ...(serial === undefined ? {} : { parallel: serial }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(topP === undefined ? {} : { topP }),
      ...(asked === undefined ? {} : { format: asked }),
      ...(effort === undefined ? {} : { effort }),
    }
  })

function turnsOf({ said, answer, calls, answers }: RoundGiven, index: number): readonly Turn[] {
  const own = (each: string) => `r${index}-${each}`
  const parts: Part[] = [
    ...(answer === undefined ? [] : [{ type: 'text', text: answer } as const]),
    ...calls.map((call): Part => {
      const input = JSON.stringify(call.input)
      return { type: 'tool_call', id: own(call.id), name: call.name, custom: false, input }
    }),
  ]
  const results = answers.map((call): Part => {
    const content: Part[] = [{ type: 'text', text: call.result }]
    return { type: 'tool_result', id: own(call.id), custom: false, isError: false, content }
  })
  return [
    { role: 'user' as const, parts: said },
    { role: 'assistant' as const, parts },
    { role: 'user' as const, parts: results },
  ].filter((turn) => turn.parts.length > 0)
}

interface RoundGiven {
  readonly said: readonly Part[]
  readonly answer: string | undefined
  readonly calls: readonly CallGiven[]
  readonly answers: readonly CallGiven[]
}

interface CallGiven {
  readonly id: string
  readonly name: string
  readonly input: unknown
  readonly result: string
}

/** What a conversation means, whatever its protocol says explicitly. */
export function meaningOf(conversation: Conversation) {
  const { system, turns, tools, choice: asked, parallel = true, format: wanted, ...rest } = conversation
  const { includeUsage: _, ...plain } = rest
  return {
    ...plain,
    system: system.join('\n\n'),
    turns: inOrder(turns),
    tools: tools.map(({ strict = false, ...each }) => ({ ...each, strict })),
    choice: asked ?? { kind: 'auto' },
    parallel,
    format: wanted?.kind === 'json_schema' ? { ...wanted, strict: wanted.strict ?? false } : wanted,
  }
}

/** Who said what, part by part; results that stand beside each other in the order of their calls. */
function inOrder(turns: readonly Turn[]) {
  const said = turns.flatMap(({ role, parts }) => parts.map((part) => ({ role, part })))
  const called = said.flatMap(({ part }) => (part.type === 'tool_call' ? [part.id] : []))
  const placeOf = (part: Part) => (part.type === 'tool_result' ? called.indexOf(part.id) : -1)
  const ordered: typeof said = []
  for (const each of said) {
    let at = ordered.length
    const place = placeOf(each.part)
    while (place >= 0 && at > 0 && placeOf(ordered[at - 1]?.part ?? each.part) > place) at -= 1
    ordered.splice(at, 0, each)
  }
  return ordered.map(({ role, part }) => ({ role, part: meaningOfPart(part) }))
}

function meaningOfPart(part: Part): unknown {
  if (part.type === 'tool_call') return { ...part, input: JSON.parse(part.input) as unknown }
  if (part.type !== 'image') return part
  const { detail: _, ...image } = part
  return image
}
