import { classify } from '../failure/classify.ts'
import type { Failure } from '../failure/evidence.ts'
import { observeException } from '../failure/observe-exception.ts'
import { observeHttp } from '../failure/observe-http.ts'
import { observeSoft } from '../failure/observe-soft.ts'
import type { HeaderList, Network, NetworkAnswer } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import { gatherResponses } from '../wire/responses/gather.ts'
import type { WireEvidence, WireProtocol } from '../wire/wire.ts'
import type { AttemptBody, AttemptEnding } from './attempt-body.ts'
import { AnswerStream, type ReadChunk, type StreamEnding } from './answer-stream.ts'
import { AttemptControl, type CutCause } from './attempt-control.ts'
import type { Call, Limits, Route } from './call.ts'
import { CommittedBody } from './committed-body.ts'
import { headerRecord, headerValue } from './headers.ts'
import { maskToken, withoutToken, withoutTokenList } from './mask-token.ts'
import type { PreparedRequest } from './prepare.ts'
import { answerId } from './previous-response.ts'

/** Of an error body this much is read and judged. */
const LARGEST_ERROR_BODY_BYTES = 64 * 1024
/** A complete (not streamed) answer larger than this is refused instead of filling the memory. */
const LARGEST_ANSWER_BYTES = 256 * 1024 * 1024

const TOO_LARGE: WireEvidence = {
  channel: 'end',
  error: { name: 'AnswerTooLarge', message: 'the answer exceeded the size limit' },
}

export interface AttemptInput {
  readonly call: Call
  readonly route: Route
  readonly wire: WireProtocol
  readonly prepared: PreparedRequest
  readonly network: Network
  readonly platform: Platform
  readonly limits: Limits
  readonly remainingMs: number
  /** Masked wherever the upstream echoes it: "Incorrect API key provided: ...". */
  readonly token: string
}

/** An answer, complete or from its first visible output on. */
export interface AttemptAnswer {
  readonly kind: 'answer'
  readonly status: number
  readonly headers: HeaderList
  readonly body: AttemptBody
  /** Its own id, when a later request may go on from it. */
  readonly responseId?: string | undefined
  /** The body came in one piece: its first `next()` gives everything. */
  readonly whole: boolean
}

export type AttemptResult = AttemptAnswer | { readonly kind: 'failure'; readonly failure: Failure }

/**
 * Sends one request and judges what comes back, up to the commit point.
 * The only place where an HTTP error, a 200 in disguise, a stream event, a missing end and an exception become one `Failure`.
 */
export async function runAttempt(input: AttemptInput): Promise<AttemptResult> {
  const control = new AttemptControl(input.platform, input.call.signal, input.remainingMs)
  let keepsRunning = false
  try {
    const { network, prepared, limits } = input
    const sent = network.send(prepared.request, limits, control.cut)
    const answer = await control.within('first_byte', limits.firstByteMs, sent)
    const result = await judge(input, control, answer)
    keepsRunning = result.kind === 'answer'
    return result
  } catch (error) {
    return { kind: 'failure', failure: thrownFailure(input, control.cause, error, false) }
  } finally {
    if (!keepsRunning) control.finish()
  }
}

async function judge(input: AttemptInput, control: AttemptControl, answer: NetworkAnswer): Promise<AttemptResult> {
  const chunks = answer.body[Symbol.asyncIterator]()
  const read: ReadChunk = async (patienceMs = input.limits.idleMs) => {
    const next = await control.within('idle', patienceMs, chunks.next())
    return next.done === true ? undefined : next.value
  }
  const close = async () => {
    await chunks.return?.().then(undefined, () => undefined)
    control.finish()
  }
  if (answer.status < 200 || answer.status >= 300) {
    const body = await readText(read, LARGEST_ERROR_BODY_BYTES)
    await close()
    return { kind: 'failure', failure: httpFailure(input, answer, body) }
  }
  const wantsStream = input.call.stream || input.prepared.gather
  if (wantsStream && mayBeStream(answer.headers)) {
    const { platform, limits } = input
    const silence = { mostMs: limits.idleMs, nowMs: () => platform.clock.monotonic() }
    const stream = new AnswerStream(read, input.wire.observeStream(), silence)
    if (!input.call.stream) return gathered(input, control, answer, stream, close)
    const opening = await stream.open()
    if (opening.kind === 'failure') {
      await close()
      return { kind: 'failure', failure: softFailure(input, answer, opening.evidence, false) }
    }
    control.commit()
    const body = new CommittedBody(
      stream,
      (thrown) => committedEnding(input, control, answer, stream.ending, thrown),
      close,
    )
    const headers = withoutTokenList(answer.headers, input.token)
    const responseId = answerId(input.call, stream.firstHeld)
    return { kind: 'answer', status: answer.status, headers, body, whole: false, responseId }
  }
  const whole = await readWhole(read)
  await close()
  if (whole === undefined) {
    return { kind: 'failure', failure: softFailure(input, answer, TOO_LARGE, false) }
  }
  const text = whole.toString('utf8')
  const evidence = input.wire.bodyFailure(text) ?? (wantsStream ? notAStream(text) : undefined)
  if (evidence !== undefined) return { kind: 'failure', failure: softFailure(input, answer, evidence, false) }
  return {
    kind: 'answer',
    status: answer.status,
    headers: withoutTokenList(answer.headers, input.token),
    body: once(whole),
    whole: true,
    responseId: answerId(input.call, whole),
  }
}

/** How a committed stream ended, by its frames or by what the transport threw. */
function committedEnding(
  input: AttemptInput,
  control: AttemptControl,
  answer: NetworkAnswer,
  ending: StreamEnding | undefined,
  thrown: { readonly error: unknown } | undefined,
): AttemptEnding {
  if (thrown !== undefined) {
    if (control.cause === 'caller') return { kind: 'cancelled' }
    return { kind: 'failure', failure: thrownFailure(input, control.cause, thrown.error, true) }
  }
  if (ending?.kind !== 'failure') return { kind: 'complete' }
  return { kind: 'failure', failure: softFailure(input, answer, ending.evidence, true) }
}

/** A backend that always streams, for a caller that wants one body: nothing is committed before the terminal event. */
async function gathered(
  input: AttemptInput,
  control: AttemptControl,
  answer: NetworkAnswer,
  stream: AnswerStream,
  close: () => Promise<void>,
): Promise<AttemptResult> {
  const parts: Uint8Array[] = []
  const opening = await stream.open()
  let size = 0
  if (opening.kind === 'committed') {
    for (;;) {
      const bytes = await stream.next()
      if (bytes === undefined) break
      size += bytes.length
      if (size > LARGEST_ANSWER_BYTES) break
      parts.push(bytes)
    }
  }
  await close()
  if (size > LARGEST_ANSWER_BYTES) return { kind: 'failure', failure: softFailure(input, answer, TOO_LARGE, false) }
  const ending = opening.kind === 'failure' ? opening : stream.ending
  if (ending?.kind === 'failure')
    return { kind: 'failure', failure: softFailure(input, answer, ending.evidence, false) }
  const body = gatherResponses(Buffer.concat(parts))
  if (body.kind === 'failure') return { kind: 'failure', failure: softFailure(input, answer, body.evidence, false) }
  control.commit()
  const headers = [
    ...withoutTokenList(answer.headers, input.token).filter(([name]) => name.toLowerCase() !== 'content-type'),
    ['content-type', 'application/json'] as const,
  ]
  const bytes = Buffer.from(body.text)
  return {
    kind: 'answer',
    status: answer.status,
    headers,
    body: once(bytes),
    whole: true,
    responseId: answerId(input.call, bytes),
  }
}

function once(bytes: Uint8Array): AttemptBody {
  let given = false
  return {
    next: () => {
      const result: IteratorResult<Uint8Array, AttemptEnding> = given
        ? { done: true, value: { kind: 'complete' } }
        : { done: false, value: bytes }
      given = true
      return Promise.resolve(result)
    },
    return: () => Promise.resolve(),
  }
}

/** Servers forget content types; only what is clearly one document is judged as one. */
function mayBeStream(headers: HeaderList): boolean {
  const type = headerValue(headers, 'content-type')?.toLowerCase() ?? ''
  return !type.includes('json') && !type.includes('html')
}

function notAStream(text: string): WireEvidence {
  return {
    channel: 'end',
    body: text,
    error: { name: 'NotAStream', message: 'a stream was asked for and one document came' },
  }
}

async function readText(read: ReadChunk, limitBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  while (size < limitBytes) {
    // A cut inside an error body changes nothing: the status and what has come are the evidence.
    const chunk = await read().catch(() => undefined)
    if (chunk === undefined) break
    parts.push(chunk)
    size += chunk.length
  }
  return Buffer.concat(parts).subarray(0, limitBytes).toString('utf8')
}

async function readWhole(read: ReadChunk): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = []
  let size = 0
  for (;;) {
    const chunk = await read()
    if (chunk === undefined) return Buffer.concat(parts)
    size += chunk.length
    if (size > LARGEST_ANSWER_BYTES) return undefined
    parts.push(chunk)
  }
}

function context(input: AttemptInput) {
  return {
    provider: input.route.definition.id,
    api: input.call.wire,
    model: input.route.model,
    seenAtMs: input.platform.clock.now(),
  }
}

function httpFailure(input: AttemptInput, answer: NetworkAnswer, body: string): Failure {
  if (input.call.signal.aborted) return thrownFailure(input, 'caller', undefined, false)
  const evidence = observeHttp({
    ...context(input),
    status: answer.status,
    headers: withoutToken(headerRecord(answer.headers), input.token),
    body: maskToken(body, input.token),
  })
  return classify(evidence, input.route.definition.rules)
}

function softFailure(input: AttemptInput, answer: NetworkAnswer, evidence: WireEvidence, hadOutput: boolean): Failure {
  const { body } = evidence
  const masked = body === undefined ? evidence : { ...evidence, body: maskToken(body, input.token) }
  const seen = observeSoft(masked, {
    ...context(input),
    status: answer.status,
    headers: withoutToken(headerRecord(answer.headers), input.token),
    hadOutput,
  })
  return classify(seen, input.route.definition.rules)
}

/** Our own cuts as the errors they stand for: the exception that a cut causes says only "aborted". */
const CUT_ERRORS: Record<CutCause, (input: AttemptInput) => { name: string; code: string; message: string }> = {
  caller: () => ({ name: 'CallerAborted', code: 'CALLER_ABORTED', message: 'the caller left' }),
  deadline: (input) => ({
    name: 'TimeoutError',
    code: 'ETIMEDOUT',
    message: `no output before the call's deadline of ${input.limits.deadlineMs} ms (limits.deadlineMs)`,
  }),
  first_byte: (input) => ({
    name: 'TimeoutError',
    code: 'ETIMEDOUT',
    message: `no answer within ${input.limits.firstByteMs} ms (limits.firstByteMs)`,
  }),
  idle: (input) => ({
    name: 'TimeoutError',
    code: 'ETIMEDOUT',
    message: `the answer fell silent for ${input.limits.idleMs} ms (limits.idleMs)`,
  }),
}

/** The one timer that is the transport's. Its own words name an address and no setting. */
function connectTimeout(input: AttemptInput, error: unknown): unknown {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  if (code !== 'UND_ERR_CONNECT_TIMEOUT') return error
  const { connectMs } = input.limits
  return { name: 'ConnectTimeoutError', code, message: `no connection within ${connectMs} ms (limits.connectMs)` }
}

function thrownFailure(input: AttemptInput, cause: CutCause | undefined, error: unknown, hadOutput: boolean): Failure {
  const seen = observeException({
    ...context(input),
    error: cause === undefined ? connectTimeout(input, error) : CUT_ERRORS[cause](input),
    hadOutput,
  })
  return classify(seen, input.route.definition.rules)
}
