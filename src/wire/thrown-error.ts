import { FAILURE_LABELS, type FailureLabel } from '../failure/labels.ts'
import { type ErrorAttempt, SparekeyError } from '../failure/sparekey-error.ts'
import { errorMessage, NEXT_STEP, returnsAt } from './error-words.ts'
import { asArray, asNumber, asObject, asText, type JsonObject, parseObject } from './json.ts'
import type { GivenUp } from './wire.ts'

/** A call that was given up, for a caller who wants it thrown. @param told what only the surface knows */
export function thrownError(
  given: GivenUp,
  told: { readonly status: number; readonly callId?: string; readonly attempts?: readonly ErrorAttempt[] },
): SparekeyError {
  const { failure } = given
  const at = returnsAt(given)
  return new SparekeyError({
    code: given.code ?? failure.label,
    message: errorMessage(given),
    label: failure.label,
    hint: given.code === undefined ? NEXT_STEP[failure.label] : undefined,
    retryAfterMs: at === undefined ? undefined : Math.max(0, at - given.nowMs),
    failure,
    ...told,
    attempts: told.attempts ?? given.attempts,
  })
}

/** Where SDKs put an error's body, and the errors that they wrap. */
const PLACES = ['error', 'data', 'responseBody', 'body', 'lastError', 'cause'] as const
const DEEPEST = 6

/**
 * What sparekey said, found in whatever an SDK made of its answer: `openai`, `@anthropic-ai/sdk`, the AI SDK, the parsed body itself.
 * Works for answers of the gateway too.
 * @returns undefined when the error is not about an answer of sparekey
 */
export function sparekeyErrorOf(thrown: unknown): SparekeyError | undefined {
  return find(thrown, { cause: thrown, status: undefined, callId: undefined }, DEEPEST)
}

interface Seen {
  readonly cause: unknown
  readonly status: number | undefined
  readonly callId: string | undefined
}

function find(value: unknown, outer: Seen, depth: number): SparekeyError | undefined {
  if (SparekeyError.isInstance(value)) return value
  const object = typeof value === 'string' ? parseObject(value) : asObject(value)
  if (object === undefined || depth === 0) return undefined
  const seen = {
    ...outer,
    status: outer.status ?? asNumber(object['status']) ?? asNumber(object['statusCode']),
    callId: outer.callId ?? callIdIn(object['headers']) ?? callIdIn(object['responseHeaders']),
  }
  const details = asObject(object['sparekey'])
  const label = FAILURE_LABELS.find((each) => each === details?.['label'])
  if (details !== undefined && label !== undefined) return read(asText(object['message']), details, label, seen)
  for (const place of PLACES) {
    const found = find(object[place], seen, depth - 1)
    if (found !== undefined) return found
  }
  return undefined
}

function read(message: string, details: JsonObject, label: FailureLabel, seen: Seen): SparekeyError {
  const code = asText(details['code']) || label
  return new SparekeyError({
    code,
    message,
    label,
    hint: code === label ? NEXT_STEP[label] : undefined,
    retryAfterMs: asNumber(details['retry_after_ms']),
    attempts: asArray(details['attempts']).flatMap((each) => attemptIn(asObject(each)) ?? []),
    ...seen,
  })
}

function attemptIn(attempt: JsonObject | undefined): ErrorAttempt | undefined {
  if (attempt === undefined) return undefined
  const status = asNumber(attempt['status'])
  return {
    provider: asText(attempt['provider']),
    credential: asText(attempt['credential']),
    label: asText(attempt['label']),
    ...(status === undefined ? {} : { status }),
  }
}

/** SDKs keep headers as `Headers` or as a plain object. */
function callIdIn(headers: unknown): string | undefined {
  const name = 'x-sparekey-call'
  const object = asObject(headers)
  const value = typeof object?.['get'] === 'function' ? object['get'].call(object, name) : object?.[name]
  return typeof value === 'string' ? value : undefined
}
