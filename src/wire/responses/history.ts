import { asArray, asObject, asText, type JsonObject, parseObject } from '../json.ts'

/** What one request and its answer added to a conversation. */
export interface Step {
  readonly input: readonly unknown[]
  readonly output: readonly unknown[]
}

/** A step as it was kept. */
export interface OwnedStep extends Step {
  /** The account that made the answer. @default it was translated */
  readonly ownerId?: string | undefined
}

/** An answer that its client can go on from. */
export interface Answered {
  readonly id: string
  readonly output: readonly unknown[]
}

/** Done by the provider itself: what came of it is in the words behind it, and its ids mean something to its own account only. */
const HOSTED: ReadonlySet<string> = new Set([
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'mcp_list_tools',
  'mcp_call',
])
/** Their ids and states are the maker's own notes; what pairs a call with its result is `call_id`. */
const SAID: ReadonlySet<string> = new Set(['message', 'function_call', 'custom_tool_call'])
const ENDED: ReadonlySet<string> = new Set(['completed', 'incomplete'])

/**
 * What a request adds to its conversation.
 * @returns undefined when that cannot be told from the request: its client wants nothing kept, or speaks of what only the provider has
 */
export function addedInput(body: JsonObject): readonly unknown[] | undefined {
  if (body['store'] === false || isGiven(body['conversation']) || isGiven(body['prompt'])) return undefined
  const input = inputItems(body['input'])
  return input?.some(isOfOneAccount) === true ? undefined : input
}

/** Items and files that lie at the provider are found by one account only. */
function isOfOneAccount(item: unknown): boolean {
  const object = asObject(item)
  if (object?.['type'] === 'item_reference') return true
  const parts = [...asArray(object?.['content']), ...asArray(object?.['output'])]
  return parts.some((part) => asText(asObject(part)?.['file_id']) !== '')
}

/** @returns undefined when it is no input */
export function inputItems(input: unknown): readonly unknown[] | undefined {
  if (typeof input === 'string')
    return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }]
  if (input === undefined || input === null) return []
  return Array.isArray(input) ? (input as readonly unknown[]) : undefined
}

/** @param body of one complete answer. @returns undefined when there is nothing in it to go on from */
export function answeredBy(body: JsonObject | undefined): Answered | undefined {
  const id = asText(body?.['id'])
  if (body === undefined || id === '' || !ENDED.has(asText(body['status']))) return undefined
  return { id, output: asArray(body['output']) }
}

/** @returns undefined for a text that is none */
export function readStep(text: string): Step | undefined {
  const step = parseObject(text)
  const { input, output } = step ?? {}
  return Array.isArray(input) && Array.isArray(output) ? { input, output } : undefined
}

/**
 * A request with its whole conversation in it, for an account that knows nothing of it.
 * @returns the body, and names of what of the conversation is left out; undefined when the request says what only the provider could look up
 */
export function withHistory(
  body: JsonObject,
  steps: readonly OwnedStep[],
): { readonly body: JsonObject; readonly dropped: readonly string[] } | undefined {
  const { previous_response_id: _, ...own } = body
  const added = addedInput({ ...own, store: true })
  if (added === undefined) return undefined
  const dropped = new Set<string>()
  /** Encrypted texts whose maker is known: what clients send along may be anybody's. */
  const made = new Set<string>()
  const calls = new Set<string>()
  const told = (item: unknown): readonly unknown[] => {
    const portable = portableItem(item, made)
    if (portable === undefined) dropped.add(nameOf(item))
    return portable === undefined ? [] : [portable]
  }
  const input: unknown[] = []
  for (const step of steps) {
    input.push(...step.input.flatMap(told))
    if (step.ownerId !== undefined) for (const item of step.output) made.add(sealedText(item))
    for (const item of step.output) calls.add(callName(item))
    input.push(...step.output.flatMap(told))
  }
  // Some clients repeat the calls whose results they bring.
  const isNew = (item: unknown) => callName(item) === '' || !calls.has(callName(item))
  return { body: { ...own, input: [...input, ...added.filter(isNew).flatMap(told)] }, dropped: [...dropped] }
}

/**
 * Whether a request that names the answer it goes on from has the whole conversation in it all the same. A call beside its result
 * looks like one, and is none where words of the user came before.
 */
export function repeatsAll(body: JsonObject, steps: readonly Step[]): boolean {
  const said = (items: readonly unknown[]) => items.filter((item) => asObject(item)?.['role'] === 'user')
  const [first] = said(steps[0]?.input ?? [])
  if (first === undefined) return true
  const words = wordsOf(first)
  return said(inputItems(body['input']) ?? []).some((item) => wordsOf(item) === words)
}

/** The same words may come as a text or as parts. */
function wordsOf(item: unknown): string {
  const content = asObject(item)?.['content']
  if (typeof content === 'string') return content
  return asArray(content)
    .map((part) => asText(asObject(part)?.['text']))
    .join('')
}

/** A call of a tool, by what pairs it with its result. */
function callName(item: unknown): string {
  const object = asObject(item)
  const type = asText(object?.['type'])
  return type === 'function_call' || type === 'custom_tool_call' ? `${type} ${asText(object?.['call_id'])}` : ''
}

function sealedText(item: unknown): string {
  return asText(asObject(item)?.['encrypted_content'])
}

/** An item as an input that stands by itself. @param made encrypted texts whose maker is known */
function portableItem(item: unknown, made: ReadonlySet<string>): unknown {
  const object = asObject(item)
  if (object === undefined) return undefined
  const type = asText(object['type'])
  if (HOSTED.has(type)) return undefined
  const sealed = sealedText(item)
  // Encrypted by nobody knows whom, it is nobody's; reasoning that is not encrypted is a mere reference.
  if (sealed === '' ? type === 'reasoning' : !made.has(sealed)) return undefined
  return SAID.has(type) || type === 'reasoning' ? withoutId(object) : item
}

function nameOf(item: unknown): string {
  const type = asText(asObject(item)?.['type'])
  return sealedText(item) === '' ? `input.${type}` : `input.${type}.encrypted_content`
}

function withoutId({ id: _id, status: _status, ...rest }: JsonObject): JsonObject {
  return rest
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}
