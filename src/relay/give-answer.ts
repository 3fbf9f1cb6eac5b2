import { toIsoText } from '../platform/clock.ts'
import type { HeaderList } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import type { Lease } from '../pool/lease.ts'
import type { GivenUp } from '../wire/wire.ts'
import { WIRES } from '../wire/wires.ts'
import type { AttemptEnding } from './attempt-body.ts'
import type { Call, CallOutcome, Limits, RelayAnswer } from './call.ts'
import type { CallBook } from './call-book.ts'
import type { CallState } from './call-state.ts'
import { ESTIMATE_METHOD, estimatedInput } from './count-tokens.ts'
import { isMeteredFallback, METERED_HEADER } from './fallback-policy.ts'
import { guarded } from './guarded.ts'
import { routeName } from './route-name.ts'
import { within } from './within.ts'
import { forwardableAnswerHeaders } from './headers.ts'
import type { Settled } from './settled.ts'

/** One call on its way to its caller. */
export interface Giving {
  readonly call: Call
  readonly state: CallState
  readonly book: CallBook
}

const EVENT_STREAM: HeaderList = [
  ['content-type', 'text/event-stream; charset=utf-8'],
  ['cache-control', 'no-cache'],
]

/** What the caller gets for a settled call. */
export function give(giving: Giving, settled: Settled): RelayAnswer {
  return settled.kind === 'answer' ? goodAnswer(giving, settled) : failedAnswer(giving, settled)
}

/** A count; where nobody could give one and the request is not to blame, an estimate that says that it is one. */
export function giveCount(giving: Giving, settled: Settled): RelayAnswer {
  if (settled.kind !== 'failed' || settled.givenUp.failure.blame === 'request') return give(giving, settled)
  const { call, state, book } = giving
  const outcome = deferred<CallOutcome>()
  const isAsked = call.chain.length > 0
  const why = isAsked ? settled.givenUp.failure.label : 'the first route does not count'
  book.step('estimate', `${why}: ${ESTIMATE_METHOD}`)
  const finish = async () => {
    await book.end(settled, { kind: 'complete' })
    outcome.resolve({ outcome: 'answered', attempts: state.attempts })
  }
  const headers: HeaderList = [
    ['content-type', 'application/json'],
    ...ownHeaders(call, state, state.attempts.length),
    ['x-sparekey-estimate', `${why}: ${ESTIMATE_METHOD}`],
  ]
  const body = guarded(once(JSON.stringify({ input_tokens: estimatedInput(call) }), finish), finish)
  return { status: 200, headers, body, whole: true, ended: outcome.promise }
}

/** An answer from its first visible output on. */
function goodAnswer(giving: Giving, settled: Extract<Settled, { kind: 'answer' }>): RelayAnswer {
  const { call, state } = giving
  const outcome = deferred<CallOutcome>()
  const { route, lease, lost } = settled.served
  const dropped = [...settled.served.dropped, ...lost()]
  // The caller chooses the model's name.
  const taken = headerText(routeName(route))
  const headers: HeaderList = [
    ...forwardableAnswerHeaders(settled.answer.headers),
    ...ownHeaders(call, state, state.attempts.length + 1),
    ['x-sparekey-route', taken],
    ...(isMeteredFallback(call.chain, route) ? [[METERED_HEADER, taken] as const] : []),
    ['x-sparekey-credential', headerText(lease.credential.label)],
    ['x-sparekey-why', headerText(whyText(lease))],
    ...(dropped.length > 0 ? [['x-sparekey-dropped', dropped.map(headerText).join(', ')] as const] : []),
  ]
  const body = new ToldBody(giving, settled, outcome.resolve)
  return { status: settled.answer.status, headers, body, whole: settled.answer.whole, ended: outcome.promise }
}

/** Bytes of a good answer; an ending in failure is told in the caller's wire, never as a success (invariant I11). */
class ToldBody implements AsyncIterableIterator<Uint8Array> {
  readonly #giving: Giving
  readonly #settled: Extract<Settled, { kind: 'answer' }>
  readonly #resolve: (outcome: CallOutcome) => void
  #ended = false

  constructor(giving: Giving, settled: Extract<Settled, { kind: 'answer' }>, resolve: (outcome: CallOutcome) => void) {
    this.#giving = giving
    this.#settled = settled
    this.#resolve = resolve
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#ended) return DONE
    const next = await this.#settled.answer.body.next()
    if (next.done !== true) return next
    if (this.#ended) return DONE
    const ending = next.value
    await this.#end(ending)
    if (ending.kind !== 'failure') return DONE
    const { call, state } = this.#giving
    return { done: false, value: streamError(call, lateGivenUp(state, ending.failure)) }
  }

  /** The caller left, also before its first byte: the upstream is cancelled at once, the lease given back. */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#ended) return DONE
    this.#ended = true
    await this.#settled.answer.body.return()
    await this.#end({ kind: 'cancelled' })
    return DONE
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #end(ending: AttemptEnding): Promise<void> {
    this.#ended = true
    const { state, book } = this.#giving
    await book.end(this.#settled, ending)
    const failure = ending.kind === 'failure' ? { failure: ending.failure } : {}
    const outcome = ending.kind === 'complete' ? 'answered' : ending.kind === 'failure' ? 'failed' : 'cancelled'
    this.#resolve({ outcome, attempts: state.attempts, ...failure })
  }
}

const DONE: IteratorResult<Uint8Array, undefined> = { done: true, value: undefined }

/** Headers go out before anything is known; the rest is told inside the stream, and heartbeats keep the client patient. */
export function earlyAnswer(
  giving: Giving,
  settled: Promise<Settled>,
  platform: Platform,
  limits: Limits,
): RelayAnswer {
  const outcome = deferred<CallOutcome>()
  const body = guarded(waiting(giving, settled, platform, limits, outcome.resolve), async () => {
    await drop(giving, await settled, outcome.resolve)
  })
  return {
    status: 200,
    headers: [...EVENT_STREAM, ['x-sparekey-call', giving.call.id]],
    body,
    whole: false,
    ended: outcome.promise,
  }
}

async function* waiting(
  giving: Giving,
  settled: Promise<Settled>,
  platform: Platform,
  limits: Limits,
  resolve: (outcome: CallOutcome) => void,
): AsyncGenerator<Uint8Array, void, void> {
  const { call, state, book } = giving
  const heartbeat = Buffer.from(WIRES[call.wire].heartbeat())
  let result: Settled | undefined
  try {
    yield heartbeat
    while (result === undefined) {
      result = await within(settled, limits.heartbeatMs, platform.timers)
      if (result === undefined) yield heartbeat
    }
  } finally {
    // The caller left while nothing was known: whatever still comes is put away, its lease given back.
    if (result === undefined) void settled.then((late) => drop(giving, late, resolve))
  }
  if (result.kind === 'answer') {
    yield* new ToldBody(giving, result, resolve)
    return
  }
  await book.end(result, endingOf(result))
  resolve(outcomeOf(result, state))
  if (result.kind === 'failed') yield streamError(call, result.givenUp)
}

/** An answer that nobody wants any more: upstream cancelled, lease given back. */
async function drop({ state, book }: Giving, late: Settled, resolve: (outcome: CallOutcome) => void): Promise<void> {
  if (late.kind === 'answer') await late.answer.body.return()
  await book.end(late, { kind: 'cancelled' })
  resolve({ outcome: 'cancelled', attempts: state.attempts })
}

/** Nothing was sent yet: a true HTTP status, or a stream for clients that understand this failure only there. */
function failedAnswer({ call, state, book }: Giving, settled: Exclude<Settled, { kind: 'answer' }>): RelayAnswer {
  const outcome = deferred<CallOutcome>()
  const finish = async () => {
    await book.end(settled, endingOf(settled))
    outcome.resolve(outcomeOf(settled, state))
  }
  const own = ownHeaders(call, state, state.attempts.length)
  if (settled.kind === 'cancelled') {
    return { status: 499, headers: own, body: guarded(once('', finish), finish), whole: true, ended: outcome.promise }
  }
  const { givenUp } = settled
  const error: HeaderList = [['x-sparekey-error', givenUp.code ?? givenUp.failure.label]]
  if (call.client === 'codex' && call.stream && toldInStream(givenUp)) {
    const headers = [...EVENT_STREAM, ...own, ...error]
    const text = WIRES[call.wire].renderStreamError(givenUp)
    return { status: 200, headers, body: guarded(once(text, finish), finish), whole: true, ended: outcome.promise }
  }
  const rendered = WIRES[call.wire].renderError(givenUp)
  const earliest = givenUp.earliestReturnMs
  const headers: HeaderList = [
    ...rendered.headers,
    ...own,
    ...error,
    ...(givenUp.withheld === undefined
      ? []
      : [['x-sparekey-withheld', headerText(givenUp.withheld.map(({ route }) => route).join(', '))] as const]),
    ...(earliest === undefined ? [] : [['x-sparekey-earliest-return', toIsoText(earliest)] as const]),
  ]
  return {
    status: rendered.status,
    headers,
    body: guarded(once(rendered.body, finish), finish),
    whole: true,
    ended: outcome.promise,
  }
}

/** The Codex CLI compacts on an overflow only when a stream tells it, and retries a throttle only then (wire-facts 8.1, 8.7). */
function toldInStream(givenUp: GivenUp): boolean {
  return givenUp.failure.label === 'context_overflow' || givenUp.failure.label === 'rate_limit'
}

async function* once(text: string, finish: () => Promise<void>): AsyncGenerator<Uint8Array, void, void> {
  try {
    if (text.length > 0) yield Buffer.from(text)
  } finally {
    await finish()
  }
}

function streamError(call: Call, givenUp: GivenUp): Uint8Array {
  return Buffer.from(WIRES[call.wire].renderStreamError(givenUp))
}

function lateGivenUp(state: CallState, failure: GivenUp['failure']): GivenUp {
  return {
    failure,
    isLate: true,
    nowMs: failure.evidence.seenAtMs,
    attempts: state.attempts.map(({ provider, credential, label, status }) => ({
      provider,
      credential,
      label: label ?? 'answered',
      ...(status === undefined ? {} : { status }),
    })),
  }
}

function endingOf(settled: Exclude<Settled, { kind: 'answer' }>): AttemptEnding {
  return settled.kind === 'failed' ? { kind: 'failure', failure: settled.givenUp.failure } : { kind: 'cancelled' }
}

function outcomeOf(settled: Exclude<Settled, { kind: 'answer' }>, state: CallState): CallOutcome {
  if (settled.kind === 'cancelled') return { outcome: 'cancelled', attempts: state.attempts }
  return { outcome: 'failed', failure: settled.givenUp.failure, attempts: state.attempts, givenUp: settled.givenUp }
}

function ownHeaders(call: Call, state: CallState, attempts: number): HeaderList {
  return [
    ['x-sparekey-call', call.id],
    ['x-sparekey-attempts', String(attempts)],
    ...(state.repairs.names.length === 0 ? [] : [['x-sparekey-repaired', state.repairs.names.join(', ')] as const]),
    ...(state.replayed === undefined ? [] : [['x-sparekey-replayed', String(state.replayed.responses)] as const]),
    ...(state.fallbackReason === undefined ? [] : [['x-sparekey-fallback', state.fallbackReason] as const]),
  ]
}

/** Why this credential and why not the others: those that are ready too need no reason. */
function whyText(lease: Lease): string {
  const { because, others } = lease.choice
  const aside = others().filter(({ standing }) => standing !== 'ready')
  return [because, ...aside.map(({ label, standing }) => `not ${label}: ${standing}`)].join('; ')
}

/** A label is free text; a header is not. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
