import type { Failure } from '../failure/evidence.ts'
import type { CutSignal } from '../platform/network.ts'
import type { JsonObject } from '../wire/json.ts'
import { compressConversation } from '../wire/compress/compress-conversation.ts'
import { CONVERSATION } from '../wire/compress/message-facts.ts'
import { overflowSize, type OverflowSize } from '../wire/compress/overflow-size.ts'
import { lengthOf } from '../wire/compress/shorten-results.ts'
import { messagesOf } from '../wire/compress/transcript.ts'
import type { WireName } from '../wire/wire.ts'
import type { Call } from './call.ts'
import type { PlannedRepair } from './repairs.ts'

/** What a compressed conversation has to fit into. */
export interface CompressionLimit {
  /** Whose words the messages are in: the provider's that refused them. */
  readonly wire: WireName
  /** Length of the messages' JSON text that should fit. */
  readonly characters: number
  /** As the provider counted, when it told. */
  readonly tokens?: OverflowSize
  /** 1, 2 or 3: how often this call has been here. */
  readonly round: number
  /** Aborts when the caller leaves or has waited long enough. */
  readonly signal: CutSignal
}

/**
 * Makes a conversation shorter. Calls and results must stay pairs, or the provider refuses it.
 * @returns the messages to send instead; undefined to give up: then the caller is told of the overflow
 */
export type Compress = (
  messages: readonly JsonObject[],
  limit: CompressionLimit,
) => Promise<readonly JsonObject[] | undefined>

/** Says in a few words what a transcript says at length. */
export type Summarise = (transcript: string, signal: CutSignal) => Promise<string | undefined>

export interface StandardCompression {
  /** The newest steps (an answer with its calls and their results, or a message) that stay word for word. @default 4 */
  readonly keepSteps?: number
  /** @default nobody: only old tool outputs are left out */
  readonly summarise?: Summarise
}

export const DEFAULT_KEEP_STEPS = 4
/** A call is compressed at most this often. */
export const COMPRESSIONS_PER_CALL = 3
/** What shrinks less than this is not worth another attempt. */
const SMALLEST_GAIN = 0.05
/** Room for the answer, and for counting otherwise than the provider. */
const MARGIN = 0.9
/** Of a conversation whose provider names no numbers. */
const WITHOUT_NUMBERS = 0.7

/** The compression that comes with sparekey: old tool outputs first, then a summary if somebody can write one. */
export function standardCompression({ keepSteps = DEFAULT_KEEP_STEPS, summarise }: StandardCompression = {}): Compress {
  return (messages, { wire, characters, signal }) =>
    compressConversation(messages, {
      wire,
      characters,
      keepSteps,
      ...(summarise === undefined ? {} : { summarise: (transcript: string) => summarise(transcript, signal) }),
    })
}

/**
 * The next compression of a call whose conversation is too long.
 * @param base the request in its provider's protocol, with all repairs so far, before what is bound to an account was left out
 * @returns undefined when it would not become shorter by 5 %
 */
export async function planCompression(
  failure: Failure,
  base: Call,
  compress: Compress,
  round: number,
  signal: CutSignal,
): Promise<PlannedRepair | undefined> {
  if (round > COMPRESSIONS_PER_CALL || typeof base.body['previous_response_id'] === 'string') return undefined
  const member = CONVERSATION[base.wire]
  const messages = messagesOf(base.body[member])
  if (messages === undefined) return undefined
  const before = lengthOf(messages)
  const tokens = overflowSize(failure.message)
  const share = tokens === undefined ? WITHOUT_NUMBERS : (tokens.most / tokens.sent) * MARGIN
  const limit = { wire: base.wire, characters: Math.floor(before * share), round, signal }
  // A hook that fails must not hide the overflow that it was asked about.
  const shorter = await compress(messages, tokens === undefined ? limit : { ...limit, tokens }).catch(() => undefined)
  if (shorter === undefined) return undefined
  const after = lengthOf(shorter)
  if (after > before * (1 - SMALLEST_GAIN)) return undefined
  return {
    name: 'compress',
    what: `${before} -> ${after} characters (${round} of ${COMPRESSIONS_PER_CALL})`,
    change: (request) => ({ ...request, body: { ...request.body, [member]: shorter } }),
    forThisRoute: true,
  }
}
