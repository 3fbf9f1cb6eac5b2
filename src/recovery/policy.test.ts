import { describe, expect, it } from 'vitest'
import { FAILURE_LABELS, type FailureLabel } from '../failure/labels.ts'
import { DEFAULT_POLICY } from './policy.ts'

/** The table once more, in seconds and words, by hand: a slip in the first one would bench accounts for days or hammer them. */
const RULES: Readonly<Record<FailureLabel, readonly [tries: string, waits: string, bench: string]>> = {
  auth_expired: ['refresh rotate fallback surface', '0', 'ladder 300..300'],
  auth_revoked: ['reread rotate fallback surface', '0', 'dead'],
  rate_limit: ['wait rotate retry fallback surface', '3: 1 2 4 hint 60', 'hint 1..60'],
  quota_exhausted: ['rotate fallback surface', '0', 'reset 3600'],
  billing: ['rotate fallback surface', '0', 'ladder 3600..86400'],
  entitlement: ['rotate fallback surface', '0', 'ladder 86400..86400 model'],
  overloaded: ['retry try_another fallback surface', '3: 1 2 4 hint 30', 'none'],
  server_error: ['retry try_another fallback surface', '2: 0.5 2', 'none'],
  model_not_found: ['fallback surface', '0', 'none'],
  invalid_response: ['retry try_another fallback surface', '1: 0.5', 'none'],
  timeout: ['retry try_another fallback surface', '1: 0', 'none'],
  connection: ['retry try_another fallback surface', '2: 0.1 1', 'none'],
  context_overflow: ['repair fallback surface', '0', 'none'],
  payload_too_large: ['repair surface', '0', 'none'],
  invalid_request: ['repair surface', '0', 'none'],
  content_policy: ['surface', '0', 'none'],
  cancelled: ['stop', '0', 'none'],
  unknown: ['retry try_another fallback surface', '1: 1', 'none'],
}

describe('the default policy', () => {
  it.each(FAILURE_LABELS)('%s', (label) => {
    const { tries, retries, bench } = DEFAULT_POLICY[label]
    const steps = retries.backoffMs.map((ms) => ` ${ms / 1000}`).join('')
    const hint = retries.useHintUpToMs === undefined ? '' : ` hint ${retries.useHintUpToMs / 1000}`
    const waits = steps === '' ? `${retries.times}` : `${retries.times}:${steps}${hint}`
    expect([tries.join(' '), waits, inWords(bench)]).toEqual(RULES[label])
  })
})

function inWords(bench: (typeof DEFAULT_POLICY)[FailureLabel]['bench']): string {
  switch (bench.kind) {
    case 'none':
    case 'dead':
      return bench.kind
    case 'reset':
      return `reset ${bench.otherwiseMs / 1000}`
    case 'hint':
      return `hint ${bench.baseMs / 1000}..${bench.capMs / 1000}`
    case 'ladder':
      return `ladder ${bench.baseMs / 1000}..${bench.capMs / 1000}${bench.modelOnly === true ? ' model' : ''}`
  }
}
