import type { JsonObject } from '../json.ts'
import type { WireName } from '../wire.ts'
import { conversationSteps, type Step } from './conversation-steps.ts'
import { lengthOf, SHORTEN_RESULTS } from './shorten-results.ts'
import { transcriptOf } from './transcript.ts'

export interface CompressionTerms {
  readonly wire: WireName
  /** Length of the messages' JSON that should fit. */
  readonly characters: number
  /** The newest steps of the conversation that stay word for word. */
  readonly keepSteps: number
  /** Says in a few words what a transcript says at length. @returns undefined when it cannot */
  readonly summarise?: (transcript: string) => Promise<string | undefined>
}

const SUMMARY = 'Summary of the conversation up to here, which was too long to keep:'

/**
 * Makes a conversation shorter: old tool outputs go first, the oldest of them before the others and only as many as must; then, if that is not enough and somebody can
 * summarise, everything before the newest steps becomes a summary. Instructions, the first and the newest request of the user stay as they are.
 * @returns undefined when there is nothing to leave out
 */
export async function compressConversation(
  messages: readonly JsonObject[],
  terms: CompressionTerms,
): Promise<readonly JsonObject[] | undefined> {
  const steps = conversationSteps(terms.wire, messages)
  const old = Math.max(0, steps.length - terms.keepSteps)
  const shortened = withoutOldOutputs(steps, old, terms)
  const kept = flat(shortened)
  const summarised = lengthOf(kept) <= terms.characters ? undefined : await withSummary(shortened, steps, old, terms)
  const result = summarised ?? kept
  return result.length === messages.length && result.every((each, index) => each === messages[index])
    ? undefined
    : result
}

function withoutOldOutputs(
  steps: readonly Step[],
  old: number,
  { wire, characters }: CompressionTerms,
): readonly Step[] {
  let length = lengthOf(flat(steps))
  return steps.map((step, index) => {
    if (index >= old || length <= characters) return step
    const messages = step.messages.map((message) => {
      if (length <= characters) return message
      const shorter = SHORTEN_RESULTS[wire](message)
      length -= lengthOf(message) - lengthOf(shorter)
      return shorter
    })
    return { ...step, messages }
  })
}

async function withSummary(
  shortened: readonly Step[],
  steps: readonly Step[],
  old: number,
  { summarise }: CompressionTerms,
): Promise<readonly JsonObject[] | undefined> {
  if (summarise === undefined) return undefined
  const firstRequest = steps.findIndex(({ kind }) => kind === 'user')
  const newestRequest = steps.findLastIndex(({ kind }) => kind === 'user')
  const stays = ({ kind }: Step, index: number) =>
    index >= old || kind === 'instruction' || index === firstRequest || index === newestRequest
  const told = steps.filter((step, index) => !stays(step, index))
  if (told.length === 0) return undefined
  const summary = await summarise(transcriptOf(told))
  if (summary === undefined || summary.trim() === '') return undefined
  return flat([
    ...shortened.filter((step, index) => index < old && stays(step, index)),
    { kind: 'user', messages: [{ role: 'user', content: `${SUMMARY}\n\n${summary.trim()}` }] },
    ...shortened.slice(old),
  ])
}

function flat(steps: readonly Step[]): readonly JsonObject[] {
  return steps.flatMap(({ messages }) => messages)
}
