import type { FailureLabel } from '../failure/labels.ts'

/** What can be tried after a failure, in the words of the recovery table. */
export type Action =
  | 'refresh'
  | 'reread'
  | 'wait'
  | 'rotate'
  | 'retry'
  | 'try_another'
  | 'repair'
  | 'fallback'
  | 'surface'
  | 'stop'

/** Retries on the same credential for one label. */
export interface Retries {
  readonly times: number
  /** Wait before retry 1, 2, ...; the last entry repeats. Jittered by 20 %. */
  readonly backoffMs: readonly number[]
  /** A provider's hint up to this long replaces the ladder; a longer one makes the retry infeasible. @default 0 */
  readonly useHintUpToMs?: number
}

/**
 * How long a credential is left alone after a label, as data. `pool/bench.ts` turns it into times.
 * `none` nobody is benched · `hint` the provider's hint, else the ladder · `reset` until the announced reset, else `otherwiseMs` ·
 * `ladder` doubling from `baseMs` to `capMs` per strike in a row · `dead` until a newer token generation.
 */
export type BenchTerms =
  | { readonly kind: 'none' }
  | { readonly kind: 'hint'; readonly baseMs: number; readonly capMs: number }
  | { readonly kind: 'reset'; readonly otherwiseMs: number }
  | { readonly kind: 'ladder'; readonly baseMs: number; readonly capMs: number; readonly modelOnly?: true }
  | { readonly kind: 'dead' }

/** One row of the recovery table: actions in order of preference, retries, and what the credential gets. */
export interface PolicyRow {
  readonly tries: readonly Action[]
  readonly retries: Retries
  readonly bench: BenchTerms
}

export type Policy = Readonly<Record<FailureLabel, PolicyRow>>

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const NO_RETRIES: Retries = { times: 0, backoffMs: [] }
const NO_BENCH: BenchTerms = { kind: 'none' }

/**
 * The recovery table. `decide` takes the first action of a row that is feasible now.
 * Exhaustive by type: a new label does not compile until somebody decides what happens.
 */
export const DEFAULT_POLICY: Policy = {
  auth_expired: {
    tries: ['refresh', 'rotate', 'fallback', 'surface'],
    retries: NO_RETRIES,
    bench: { kind: 'ladder', baseMs: 5 * MINUTE, capMs: 5 * MINUTE },
  },
  auth_revoked: {
    tries: ['reread', 'rotate', 'fallback', 'surface'],
    retries: NO_RETRIES,
    bench: { kind: 'dead' },
  },
  rate_limit: {
    tries: ['wait', 'rotate', 'retry', 'fallback', 'surface'],
    retries: { times: 3, backoffMs: [SECOND, 2 * SECOND, 4 * SECOND], useHintUpToMs: MINUTE },
    bench: { kind: 'hint', baseMs: SECOND, capMs: MINUTE },
  },
  quota_exhausted: {
    tries: ['rotate', 'fallback', 'surface'],
    retries: NO_RETRIES,
    bench: { kind: 'reset', otherwiseMs: HOUR },
  },
  billing: {
    tries: ['rotate', 'fallback', 'surface'],
    retries: NO_RETRIES,
    bench: { kind: 'ladder', baseMs: HOUR, capMs: 24 * HOUR },
  },
  entitlement: {
    tries: ['rotate', 'fallback', 'surface'],
    retries: NO_RETRIES,
    bench: { kind: 'ladder', baseMs: 24 * HOUR, capMs: 24 * HOUR, modelOnly: true },
  },
  overloaded: {
    tries: ['retry', 'try_another', 'fallback', 'surface'],
    retries: { times: 3, backoffMs: [SECOND, 2 * SECOND, 4 * SECOND], useHintUpToMs: 30 * SECOND },
    bench: NO_BENCH,
  },
  server_error: {
    tries: ['retry', 'try_another', 'fallback', 'surface'],
    retries: { times: 2, backoffMs: [500, 2 * SECOND] },
    bench: NO_BENCH,
  },
  model_not_found: { tries: ['fallback', 'surface'], retries: NO_RETRIES, bench: NO_BENCH },
  invalid_response: {
    tries: ['retry', 'try_another', 'fallback', 'surface'],
    retries: { times: 1, backoffMs: [500] },
    bench: NO_BENCH,
  },
  timeout: {
    tries: ['retry', 'try_another', 'fallback', 'surface'],
    retries: { times: 1, backoffMs: [0] },
    bench: NO_BENCH,
  },
  connection: {
    tries: ['retry', 'try_another', 'fallback', 'surface'],
    retries: { times: 2, backoffMs: [100, SECOND] },
    bench: NO_BENCH,
  },
  context_overflow: { tries: ['repair', 'fallback', 'surface'], retries: NO_RETRIES, bench: NO_BENCH },
  payload_too_large: { tries: ['repair', 'surface'], retries: NO_RETRIES, bench: NO_BENCH },
  invalid_request: { tries: ['repair', 'surface'], retries: NO_RETRIES, bench: NO_BENCH },
  content_policy: { tries: ['surface'], retries: NO_RETRIES, bench: NO_BENCH },
  cancelled: { tries: ['stop'], retries: NO_RETRIES, bench: NO_BENCH },
  unknown: {
    tries: ['retry', 'try_another', 'fallback', 'surface'],
    retries: { times: 1, backoffMs: [SECOND] },
    bench: NO_BENCH,
  },
}
