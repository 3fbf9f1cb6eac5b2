import { describe, expect, it } from 'vitest'
import { situationOf } from '../../test/support/situation.ts'
import type { Failure } from '../failure/evidence.ts'
import { blameOf, FAILURE_LABELS, type FailureLabel } from '../failure/labels.ts'
import { decide, type Situation } from './decide.ts'
import { type Action, DEFAULT_POLICY } from './policy.ts'

function failure(label: FailureLabel, times: { retryAfterMs?: number } = {}): Failure {
  return {
    label,
    blame: blameOf(label),
    message: 'said so',
    modelScoped: false,
    rule: 'test/row',
    confidence: 'exact',
    evidence: { channel: 'http', provider: 'openai', api: 'responses', headers: {}, seenAtMs: 0 },
    ...times,
  }
}

function action(label: FailureLabel, situation: Partial<Situation>, times = {}): Action {
  return decide(failure(label, times), situationOf(situation), DEFAULT_POLICY).action
}

describe('the recovery table, row by row', () => {
  it.each<[FailureLabel, Partial<Situation>, Action]>([
    ['auth_expired', { refreshable: true, otherReady: 2 }, 'refresh'],
    ['auth_expired', { otherReady: 2 }, 'rotate'],
    ['auth_expired', { nextRoute: true }, 'fallback'],
    ['auth_expired', {}, 'surface'],
    ['auth_revoked', { newerGeneration: true, otherReady: 2 }, 'reread'],
    ['auth_revoked', { otherReady: 1, nextRoute: true }, 'rotate'],
    ['quota_exhausted', { otherReady: 1, nextRoute: true }, 'rotate'],
    ['quota_exhausted', { nextRoute: true }, 'fallback'],
    ['quota_exhausted', { trialDue: true, nextRoute: true }, 'rotate'],
    ['overloaded', { trialDue: true, nextRoute: true, retriesDone: 3 }, 'fallback'],
    ['entitlement', { trialDue: true, poisoned: true, nextRoute: true }, 'fallback'],
    ['quota_exhausted', {}, 'surface'],
    ['billing', { otherReady: 1 }, 'rotate'],
    ['entitlement', { otherReady: 1 }, 'rotate'],
    ['overloaded', { otherReady: 3, nextRoute: true }, 'retry'],
    ['overloaded', { otherReady: 3, nextRoute: true, retriesDone: 3 }, 'try_another'],
    ['overloaded', { otherReady: 3, nextRoute: true, retriesDone: 3, othersTried: 2 }, 'fallback'],
    ['server_error', { retriesDone: 1 }, 'retry'],
    ['server_error', { retriesDone: 2 }, 'surface'],
    ['model_not_found', { otherReady: 3 }, 'surface'],
    ['model_not_found', { otherReady: 3, nextRoute: true }, 'fallback'],
    ['invalid_response', {}, 'retry'],
    ['invalid_response', { retriesDone: 1, otherReady: 1 }, 'try_another'],
    ['timeout', {}, 'retry'],
    ['connection', { retriesDone: 1 }, 'retry'],
    ['connection', { retriesDone: 2, nextRoute: true }, 'fallback'],
    ['context_overflow', { repair: 'roles: turns', nextRoute: true }, 'repair'],
    ['context_overflow', { otherReady: 3, nextRoute: true }, 'fallback'],
    ['payload_too_large', { otherReady: 3, nextRoute: true }, 'surface'],
    ['invalid_request', { otherReady: 3, nextRoute: true }, 'surface'],
    ['content_policy', { otherReady: 3, nextRoute: true }, 'surface'],
    ['cancelled', { otherReady: 3, nextRoute: true }, 'stop'],
    ['unknown', {}, 'retry'],
    ['unknown', { retriesDone: 1, otherReady: 1 }, 'try_another'],
  ])('%s in %j -> %s', (label, situation, expected) => {
    expect(action(label, situation)).toBe(expected)
  })
})

describe('a short throttle', () => {
  it.each([
    [3_000, 0, 'wait'],
    [3_001, 0, 'retry'],
    [3_000, 1, 'rotate'],
    [60_001, 0, 'surface'],
    [undefined, 0, 'retry'],
  ] as const)('with a hint of %s ms and %i other(s) ready -> %s', (retryAfterMs, otherReady, expected) => {
    expect(action('rate_limit', { otherReady }, retryAfterMs === undefined ? {} : { retryAfterMs })).toBe(expected)
  })

  it.each([
    [2_500, 'surface'],
    [2_501, 'wait'],
  ])('with %s ms to wait away and a hint of 2,500 -> %s', (waitableMs, expected) => {
    expect(action('rate_limit', { waitableMs, chance: 0 }, { retryAfterMs: 2_500 })).toBe(expected)
  })

  it('waits for the end of its bench when that is later, if it fits', () => {
    const benched = (benchedMs: number, nextRoute: boolean) =>
      decide(failure('server_error'), situationOf({ benchedMs, nextRoute, waitableMs: 10_000 }), DEFAULT_POLICY)
    expect(benched(9_999, true)).toMatchObject({ action: 'retry', delayMs: 9_999 })
    expect(benched(10_000, true).action).toBe('fallback')
    expect(benched(10_000, false).action).toBe('surface')
  })
})

/** `trace` and the log show it to people: an empty or wrong reason is a defect. */
describe('the reason that people read', () => {
  it.each<[FailureLabel, Partial<Situation>, number | undefined, string]>([
    ['auth_expired', { refreshable: true }, undefined, 'the token can be refreshed'],
    ['auth_revoked', { newerGeneration: true }, undefined, 'another process has already renewed this credential'],
    ['rate_limit', {}, 2_000, 'throttled for 2000 ms and no other credential is ready'],
    ['quota_exhausted', { otherReady: 2 }, undefined, 'quota_exhausted: 2 other credential(s) ready'],
    ['quota_exhausted', { trialDue: true }, undefined, 'quota_exhausted: another credential is due for its trial'],
    ['server_error', { retriesDone: 1 }, undefined, 'server_error: retry 2 of 2'],
    [
      'overloaded',
      { otherReady: 1, retriesDone: 3 },
      undefined,
      "overloaded is not this credential's fault; another one may reach another machine",
    ],
    ['context_overflow', { repair: 'roles: turns' }, undefined, 'roles: turns'],
    ['quota_exhausted', { nextRoute: true }, undefined, 'quota_exhausted: nothing left on this route'],
    ['invalid_request', {}, undefined, 'invalid_request: nothing left to try'],
    ['cancelled', {}, undefined, 'the caller left'],
    ['server_error', { committed: true }, undefined, 'output has reached the caller: nothing is replayed'],
    ['server_error', { remainingMs: 0 }, undefined, "the call's deadline has passed"],
  ])('%s in %j after %s ms', (label, situation, retryAfterMs, reason) => {
    const given = failure(label, retryAfterMs === undefined ? {} : { retryAfterMs })
    expect(decide(given, situationOf(situation), DEFAULT_POLICY).reason).toBe(reason)
  })

  it('is given even by a policy without a last action', () => {
    const policy = { ...DEFAULT_POLICY, server_error: { ...DEFAULT_POLICY.server_error, tries: ['fallback'] as const } }
    expect(decide(failure('server_error'), situationOf(), policy)).toEqual({
      action: 'surface',
      delayMs: 0,
      reason: 'server_error: nothing left to try',
    })
  })
})

describe('limits that hold for every label', () => {
  it.each(FAILURE_LABELS)('%s: after commit nothing is replayed (I5)', (label) => {
    const all = { otherReady: 5, nextRoute: true, refreshable: true, newerGeneration: true, repair: 'roles' }
    expect(action(label, { ...all, committed: true })).toBe(label === 'cancelled' ? 'stop' : 'surface')
  })

  it.each(FAILURE_LABELS)('%s: no deadline left, no further attempt', (label) => {
    expect(action(label, { otherReady: 5, nextRoute: true, remainingMs: 0 })).toBe(
      label === 'cancelled' ? 'stop' : 'surface',
    )
  })

  it('an empty retry budget never stops a rotation', () => {
    expect(action('quota_exhausted', { otherReady: 1, retryBudgetLeft: false })).toBe('rotate')
    expect(action('overloaded', { otherReady: 1, retryBudgetLeft: false })).toBe('try_another')
  })

  it('a poisoned request is not carried to a third credential', () => {
    expect(action('entitlement', { otherReady: 5, poisoned: true })).toBe('surface')
    expect(action('entitlement', { otherReady: 5, poisoned: true, nextRoute: true })).toBe('fallback')
  })

  it('never goes back to retrying after trying another credential for a fault that is not theirs', () => {
    expect(action('server_error', { othersTried: 1, otherReady: 1, retriesDone: 0 })).toBe('try_another')
  })

  it('users may override a row', () => {
    const policy = {
      ...DEFAULT_POLICY,
      content_policy: { ...DEFAULT_POLICY.content_policy, tries: ['fallback', 'surface'] as const },
    }
    expect(decide(failure('content_policy'), situationOf({ nextRoute: true }), policy).action).toBe('fallback')
  })
})
