import type { ApiName, Channel, ErrorEvidence, Evidence, Failure } from '../failure/evidence.ts'

/** A failure that the rows did not know for sure, as `sparekey classify` reads it: one line of `failures.jsonl`. */
export interface RecordedFailure {
  readonly provider: string
  readonly api: ApiName
  readonly surface: 'http' | 'body' | 'sse' | 'exception'
  readonly status?: number
  readonly headers: Readonly<Record<string, string>>
  readonly event?: string
  readonly body?: string
  readonly error?: ErrorEvidence
  /** ISO time at which it was last seen. */
  readonly now: string
  /** How often it was seen. */
  readonly count: number
  /** The verdict that was given then, and the row that gave it. */
  readonly got: string
  readonly rule: string
}

const SURFACES: Readonly<Record<Channel, RecordedFailure['surface']>> = {
  http: 'http',
  body: 'body',
  event: 'sse',
  end: 'exception',
  exception: 'exception',
}

const LONGEST_BODY = 4096
/** Headers that say something about a failure. Others may say something about the user. */
const TELLING_HEADER =
  /^(?:content-type|retry-after(?:-ms)?|x-should-retry|x-amzn-errortype|cf-mitigated|x-ms-error-code|(?:x-|anthropic-)?ratelimit-[a-z0-9_-]+|x-codex-[a-z-]+)$/

/** Whether somebody should have a look: nothing matched, or only the status spoke although there were words. */
export function isWorthRecording({ confidence, label, evidence }: Failure): boolean {
  if (label === 'cancelled') return false
  const words = (evidence.body ?? evidence.error?.message ?? '').trim()
  return confidence === 'none' || (confidence === 'status' && words !== '')
}

/** @param redact removes secrets from text */
export function recordOf(failure: Failure, seenAt: string, redact: (text: string) => string): RecordedFailure {
  const { evidence, label, rule } = failure
  const { status, eventName, body, error } = evidence
  return {
    provider: evidence.provider,
    api: evidence.api,
    surface: SURFACES[evidence.channel],
    ...(status === undefined ? {} : { status }),
    headers: Object.fromEntries(
      Object.entries(evidence.headers)
        .filter(([name]) => TELLING_HEADER.test(name))
        .map(([name, value]) => [name, redact(value).slice(0, 200)]),
    ),
    ...(eventName === undefined ? {} : { event: eventName }),
    // Cut after redaction: half of a secret would not be recognised.
    ...(body === undefined ? {} : { body: redact(body).slice(0, LONGEST_BODY) }),
    ...(error === undefined ? {} : { error: redacted(error, redact) }),
    now: seenAt,
    count: 1,
    got: label,
    rule,
  }
}

/** What makes two failures the same kind: ids, times and amounts do not. */
export function kindOf({ provider, surface, status, body, error }: RecordedFailure): string {
  const words = (body ?? error?.message ?? '')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\b\w*\d\w*\b/gi, '#')
    .replace(/\s+/g, ' ')
    .slice(0, 400)
  return `${provider} ${surface} ${status ?? ''} ${words}`
}

/** Evidence as a test's fixture has it. */
export function evidenceOf(record: RecordedFailure): Omit<Evidence, 'seenAtMs'> {
  const channels: Readonly<Record<RecordedFailure['surface'], Channel>> = {
    http: 'http',
    body: 'body',
    sse: 'event',
    exception: 'exception',
  }
  const { provider, api, surface, status, headers, event, body, error } = record
  return {
    channel: channels[surface],
    provider,
    api,
    ...(status === undefined ? {} : { status }),
    headers,
    ...(event === undefined ? {} : { eventName: event }),
    ...(body === undefined ? {} : { body }),
    ...(error === undefined ? {} : { error }),
  }
}

/** @returns undefined for a line that is not a record: somebody edited the file, or a disk was full */
export function parseRecord(line: string): RecordedFailure | undefined {
  try {
    const value = JSON.parse(line) as Partial<RecordedFailure> | null
    if (typeof value !== 'object' || value === null) return undefined
    const { provider, api, surface, headers, now, count, got, rule } = value
    const whole =
      typeof provider === 'string' &&
      typeof api === 'string' &&
      typeof surface === 'string' &&
      typeof headers === 'object' &&
      typeof now === 'string' &&
      typeof count === 'number' &&
      typeof got === 'string' &&
      typeof rule === 'string'
    return whole ? (value as RecordedFailure) : undefined
  } catch {
    return undefined
  }
}

function redacted(error: ErrorEvidence, redact: (text: string) => string): ErrorEvidence {
  const { name, code, message, cause } = error
  return {
    name,
    ...(code === undefined ? {} : { code }),
    message: redact(message).slice(0, LONGEST_BODY),
    ...(cause === undefined ? {} : { cause: redacted(cause, redact) }),
  }
}
