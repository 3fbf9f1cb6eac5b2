import type { ApiName, ErrorEvidence, Evidence } from './evidence.ts'
import { asRecord } from './json-text.ts'

/** Cause chains are short; a ring must not hold us. */
const LONGEST_CHAIN = 8
const LONGEST_MESSAGE = 8192

/** Evidence of a thrown error, flattened to plain data along its cause chain. */
export function observeException(seen: {
  readonly provider: string
  readonly api: ApiName
  readonly model?: string
  readonly error: unknown
  readonly seenAtMs: number
  readonly hadOutput?: boolean
}): Evidence {
  return {
    channel: 'exception',
    provider: seen.provider,
    api: seen.api,
    ...(seen.model === undefined ? {} : { model: seen.model }),
    headers: {},
    error: flatten(seen.error, 0),
    ...(seen.hadOutput === undefined ? {} : { hadOutput: seen.hadOutput }),
    seenAtMs: seen.seenAtMs,
  }
}

function flatten(error: unknown, depth: number): ErrorEvidence {
  const record = asRecord(error)
  if (record === undefined) return { name: 'Error', message: String(error).slice(0, LONGEST_MESSAGE) }
  const { name, message } = record
  const code = record['code'] ?? record['status'] ?? record['statusCode'] ?? record['errno']
  // Happy Eyeballs throws an AggregateError whose members hold the reason.
  const members = record['errors']
  const cause = record['cause'] ?? (Array.isArray(members) ? (members as unknown[])[0] : undefined)
  const chained = cause !== undefined && cause !== null && depth + 1 < LONGEST_CHAIN && cause !== error
  return {
    name: typeof name === 'string' ? name : 'Error',
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: typeof message === 'string' ? message.slice(0, LONGEST_MESSAGE) : '',
    ...(chained ? { cause: flatten(cause, depth + 1) } : {}),
  }
}
