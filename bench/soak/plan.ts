import { type Random, seededRandom } from '../../src/platform/random.ts'
import { FAILURE_KINDS, type Step } from '../../src/simulator/index.ts'
import type { WireName } from '../../src/wire/wire.ts'

/**
 * What happens to a call is a function of the seed and of its number, so that the clients, the upstream and the judge agree without a word,
 * and a call that went wrong can be looked at again.
 */

/** Where a client leaves: in the middle of its own body, behind it, while the handshake is held, at its first byte, in the middle of a stream. */
export const LEAVING = ['in_body', 'unanswered', 'held', 'first_byte', 'mid_stream'] as const
export type Leaving = (typeof LEAVING)[number]

export interface CallPlan {
  readonly wire: WireName
  readonly stream: boolean
  readonly reads: 'at once' | 'slowly' | { readonly leaves: Leaving; readonly afterMs: number }
  /** Characters of its answer. */
  readonly answerLength: number
  /** Characters of its question. */
  readonly questionLength: number
}

/** From this number on calls do nothing but leave. */
export const ABORTED_FROM = 1_000_000_000
/** All of the wire that the upstream says. */
const WIRES: readonly WireName[] = ['responses', 'chat-completions', 'messages']
/** Leaving happens while an upstream is at work, or falls silent: within this, ms. */
const LONGEST_STAY_MS = 40

export function planOf(seed: number, call: number): CallPlan {
  const random = chanceOf(seed, call, 0)
  const wire = oneOf(random, WIRES)
  if (call >= ABORTED_FROM) {
    const leaves = LEAVING[call % LEAVING.length] ?? 'unanswered'
    const afterMs = random.next() * LONGEST_STAY_MS
    return { wire, stream: true, reads: { leaves, afterMs }, answerLength: 2_000, questionLength: 500 }
  }
  const stream = random.next() < 0.6
  const manner = random.next()
  const leaves = oneOf(random, stream ? LEAVING : LEAVING.slice(0, 2))
  const afterMs = random.next() * LONGEST_STAY_MS
  const reads = manner < 0.84 ? 'at once' : manner < 0.9 ? 'slowly' : { leaves, afterMs }
  const size = random.next()
  return {
    wire,
    stream,
    reads,
    answerLength: Math.floor(size < 0.01 ? 100_000 + random.next() * 300_000 : 20 + random.next() * 3_000),
    questionLength: Math.floor(random.next() < 0.01 ? 200_000 : 20 + random.next() * 2_000),
  }
}

/** What the upstream does with one attempt. */
export interface AttemptPlan {
  readonly kind: string
  readonly step: Step
  /** The answer is complete and good. */
  readonly good: boolean
  /** Bytes instead of HTTP, and then the end of the connection. */
  readonly garbage?: true
}

/** Of all attempts this share is refused, broken, cut or late. */
const FAULTY = 0.25
/** These can be met at random without ending everything: nobody dies of them, and no bench lasts. */
const AFFORDABLE = new Set([
  'overloaded',
  'server_error',
  'model_not_found',
  'invalid_response',
  'timeout',
  'connection',
  'context_overflow',
  'invalid_request',
  'content_policy',
])
/** Silence is met more seldom: each costs a place and the patience of a timer. */
const SILENT_SHARE = 0.15

export function attemptOf(seed: number, call: number, attempt: number): AttemptPlan {
  const { wire, stream, answerLength, reads } = planOf(seed, call)
  const random = chanceOf(seed, call, attempt)
  const text = textOf(call, answerLength)
  const chunks = Math.min(200, 1 + Math.floor(answerLength / 100))
  if (call >= ABORTED_FROM) return silentAfter(typeof reads === 'object' ? reads.leaves : 'unanswered', text)
  if (random.next() >= FAULTY) {
    const slow = random.next() < 0.06
    const everyMs = slow ? 5 + Math.floor(random.next() * 30) : 0
    const pieces = slow ? Math.min(chunks, 20) : chunks
    return {
      kind: slow ? 'slow answer' : 'answer',
      step: { kind: 'answer', text, chunks: pieces, everyMs },
      good: true,
    }
  }
  const kinds = FAILURE_KINDS.filter(
    (row) => row.wire === wire && row.mode === (stream ? 'stream' : 'body') && AFFORDABLE.has(row.label),
  )
  const silent = random.next() < SILENT_SHARE
  const fitting = kinds.filter(({ step }) => (step.kind === 'hang') === silent)
  const choice = Math.floor(random.next() * (fitting.length + THROTTLES.length + 1))
  const row = fitting[choice]
  if (row !== undefined) return { kind: row.kind, step: row.step, good: false }
  const throttle = THROTTLES[choice - fitting.length]
  if (throttle !== undefined) return throttle
  return { kind: 'garbage instead of HTTP', step: { kind: 'cut', at: 'before_headers' }, good: false, garbage: true }
}

const THROTTLES: readonly AttemptPlan[] = [
  {
    kind: 'throttled for a moment',
    good: false,
    step: {
      kind: 'error',
      status: 429,
      headers: { 'retry-after-ms': '150' },
      body: { type: 'error', error: { type: 'rate_limit_error', message: 'Too many requests' } },
    },
  },
  {
    kind: 'quota used up for a second, in a 200',
    good: false,
    step: {
      kind: 'failed',
      error: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 1 },
    },
  },
]

/** An upstream that is still busy when its caller leaves. */
function silentAfter(leaves: Leaving, text: string): AttemptPlan {
  const kind = `silent until the client left (${leaves})`
  if (leaves === 'in_body' || leaves === 'unanswered')
    return { kind, step: { kind: 'hang', at: 'before_headers' }, good: false }
  if (leaves === 'held') return { kind, step: { kind: 'hang', at: 'before_output' }, good: false }
  if (leaves === 'first_byte') return { kind, step: { kind: 'hang', at: 'after_output' }, good: false }
  return { kind, step: { kind: 'answer', text, chunks: 50, everyMs: 2 }, good: true }
}

/** What a call asks; its number stands at the beginning. */
export function questionOf(call: number, length: number): string {
  return `soak-call-${call} ${textOf(call, length)}`
}

export function callIn(question: string): number | undefined {
  const number = /^soak-call-(\d+) /.exec(question)?.[1]
  return number === undefined ? undefined : Number(number)
}

const WORDS = ['the', 'answer', '"quoted"', 'line\nbreak', 'Größe', '漢字', '😀', 'data:', '\\n', 'tab\t', '42.', '{}']

/** All texts are parts of one: made word by word they cost upstream and clients more than sockets do. */
const LONGEST_TEXT = 500_000
const ALL_WORDS = wordsOf(2 * LONGEST_TEXT)

/** A text of about this many characters, of its own for each call: signs of several bytes, and some that look like the protocol. */
export function textOf(call: number, length: number): string {
  const from = ALL_WORDS.indexOf(' ', Math.floor(seededRandom(call).next() * LONGEST_TEXT))
  // Only between words: half a sign would become another one on its way.
  const to = ALL_WORDS.lastIndexOf(' ', from + length)
  return `${call}${ALL_WORDS.slice(from, Math.max(from, to))}`
}

function wordsOf(length: number): string {
  const random = seededRandom(1)
  const words: string[] = []
  for (let size = 0; size < length; ) {
    const word = oneOf(random, WORDS)
    words.push(word)
    size += word.length + 1
  }
  return words.join(' ')
}

function chanceOf(seed: number, call: number, attempt: number): Random {
  return seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(call + 1, 0x85ebca6b) ^ Math.imul(attempt, 0xc2b2ae35))
}

function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random.next() * values.length)] as T
}
