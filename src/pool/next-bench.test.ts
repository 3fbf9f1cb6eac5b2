import { describe, expect, it } from 'vitest'
import { credentialOf, DAY, failureOf, HOUR, MINUTE, SECOND, verdictOf } from '../../test/support/pool-fixtures.ts'
import type { Failure } from '../failure/evidence.ts'
import { FAILURE_LABELS, type FailureLabel } from '../failure/labels.ts'
import type { BenchTerms } from '../recovery/policy.ts'
import type { Bench } from './bench.ts'
import type { FailureVerdict } from './lease.ts'
import { type ChargedAttempt, nextBench } from './next-bench.ts'

const NOW = 1_767_225_600_000
const credential = credentialOf()

interface Given {
  readonly previous?: Bench | undefined
  readonly failure?: Partial<Failure>
  readonly verdict?: Partial<FailureVerdict>
  readonly attempt?: Partial<ChargedAttempt>
  readonly at?: number
}

function bench(label: FailureLabel, given: Given = {}): Bench | undefined {
  const at = given.at ?? NOW
  const attempt = { model: 'm', tokenGeneration: 1, resetStampMs: 0, startedAtMs: at, trial: false, ...given.attempt }
  return nextBench(
    given.previous,
    verdictOf(failureOf(label, at, given.failure), given.verdict),
    attempt,
    credential,
    at,
  )
}

function made(label: FailureLabel, given: Given = {}): Bench {
  const result = bench(label, given)
  if (result === undefined) throw new Error('no bench')
  return result
}

/** The trial of `previous` fails with the same label at its due time. */
function trialFails(previous: Bench, given: Given = {}): Bench {
  const at = given.at ?? previous.trialAtMs
  return made(previous.reason, { ...given, previous, at, attempt: { trial: true } })
}

describe('the first bench', () => {
  it.each([
    ['auth_expired', {}, 5 * MINUTE, 5 * MINUTE, '*'],
    ['auth_revoked', {}, 30 * DAY, 30 * DAY, '*'],
    ['rate_limit', {}, 1 * SECOND, 1 * SECOND, '*'],
    ['rate_limit', { retryAfterMs: 20 * SECOND }, 20 * SECOND, 20 * SECOND, '*'],
    ['rate_limit', { resetAt: NOW + 49 * SECOND }, 49 * SECOND, 49 * SECOND, '*'],
    ['quota_exhausted', {}, 1 * HOUR, 15 * MINUTE, '*'],
    ['quota_exhausted', { resetAt: NOW + 3 * DAY }, 3 * DAY, 15 * MINUTE, '*'],
    ['quota_exhausted', { retryAfterMs: 10 * MINUTE }, 10 * MINUTE, 10 * MINUTE, '*'],
    ['quota_exhausted', { modelScoped: true }, 1 * HOUR, 15 * MINUTE, 'm'],
    ['billing', {}, 1 * HOUR, 15 * MINUTE, '*'],
    ['entitlement', {}, 24 * HOUR, 24 * HOUR, 'm'],
  ] as const)(
    '%s %j ends after %i ms, first trial after %i ms, scope %s',
    (label, failure, untilMs, trialMs, scope) => {
      const result = made(label, { failure })
      expect(result.untilMs - NOW).toBe(untilMs)
      expect(result.trialAtMs - NOW).toBe(trialMs)
      expect(result).toMatchObject({ scope, strikes: 1, failedTrials: 0, sinceMs: NOW, dead: label === 'auth_revoked' })
    },
  )

  it('counts a duration from when it was seen', () => {
    const evidence = { ...failureOf('rate_limit', NOW).evidence, seenAtMs: NOW - 5 * SECOND }
    expect(made('rate_limit', { failure: { retryAfterMs: 20 * SECOND, evidence } }).untilMs).toBe(NOW + 15 * SECOND)
  })

  it('believes no reset beyond 45 days', () => {
    expect(made('quota_exhausted', { failure: { resetAt: NOW + 400 * DAY } }).untilMs).toBe(NOW + 45 * DAY)
  })

  it('does not make a busy loop of a reset that is past', () => {
    expect(made('quota_exhausted', { failure: { resetAt: NOW - HOUR } }).untilMs).toBe(NOW + MINUTE)
    expect(made('rate_limit', { failure: { retryAfterMs: 0 } }).untilMs).toBe(NOW + SECOND)
  })

  it('survives times that are not numbers', () => {
    expect(made('quota_exhausted', { failure: { resetAt: Number.NaN } }).untilMs).toBe(NOW + HOUR)
    expect(made('rate_limit', { failure: { retryAfterMs: Number.POSITIVE_INFINITY } }).untilMs).toBe(NOW + SECOND)
  })

  it('tests the last hope after a minute', () => {
    const lastHope = { verdict: { lastHope: true } }
    expect(made('quota_exhausted', lastHope).trialAtMs).toBe(NOW + MINUTE)
    expect(made('rate_limit', { ...lastHope, failure: { retryAfterMs: HOUR } }).trialAtMs).toBe(NOW + MINUTE)
    expect(made('auth_revoked', lastHope).trialAtMs).toBe(NOW + 30 * DAY)
  })

  it('keeps the message short', () => {
    expect(made('billing', { failure: { message: 'x'.repeat(900) } }).evidence.message).toHaveLength(300)
  })
})

describe('who is benched', () => {
  const harsh: BenchTerms = { kind: 'ladder', baseMs: HOUR, capMs: HOUR }

  it.each(FAILURE_LABELS.map((label) => [label, failureOf(label, NOW).blame] as const))(
    '%s (blame: %s) benches only if it is the fault of the credential, whatever the policy says',
    (label, blame) => {
      expect(bench(label, { verdict: { terms: harsh } }) !== undefined).toBe(blame === 'credential')
    },
  )

  it('an older token generation is not charged', () => {
    expect(bench('quota_exhausted', { attempt: { tokenGeneration: 0 } })).toBeUndefined()
  })

  it('a reset in between beats the verdict', () => {
    expect(bench('quota_exhausted', { attempt: { resetStampMs: NOW - 1 } })).toBeUndefined()
  })

  it('a bench of an older generation does not count as a strike', () => {
    const previous = { ...made('billing'), tokenGeneration: 0, strikes: 5 }
    expect(made('billing', { previous }).strikes).toBe(1)
  })
})

describe('in a row', () => {
  it('rate limits without hint double to a minute', () => {
    let previous: Bench | undefined
    let at = NOW
    const seconds: number[] = []
    for (let round = 0; round < 8; round += 1) {
      previous = made('rate_limit', { previous, at })
      seconds.push((previous.untilMs - at) / SECOND)
      at = previous.untilMs
    }
    expect(seconds).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
  })

  it('billing doubles to a day', () => {
    let previous: Bench | undefined
    let at = NOW
    const hours: number[] = []
    for (let round = 0; round < 6; round += 1) {
      previous = made('billing', { previous, at })
      hours.push((previous.untilMs - at) / HOUR)
      at = previous.untilMs
    }
    expect(hours).toEqual([1, 2, 4, 8, 16, 24])
  })

  it('another label starts its own count', () => {
    const previous = { ...made('rate_limit'), strikes: 6 }
    expect(made('billing', { previous, at: NOW + MINUTE })).toMatchObject({ strikes: 1, failedTrials: 0 })
  })

  it('calls that began before the bench are one finding: no strike, no longer bench', () => {
    const previous = made('rate_limit')
    expect(bench('rate_limit', { previous, at: NOW + 400, attempt: { startedAtMs: NOW } })).toBeUndefined()
    expect(bench('rate_limit', { previous, at: NOW + 400, attempt: { startedAtMs: NOW - 9 } })).toBeUndefined()
  })

  it('a late verdict of such a call after the end of the bench makes no further strike', () => {
    const previous = made('rate_limit')
    const late = made('rate_limit', { previous, at: NOW + 30 * SECOND, attempt: { startedAtMs: NOW - 9 } })
    expect(late).toMatchObject({ strikes: 1, untilMs: NOW + 31 * SECOND })
  })
})

describe('failed trials', () => {
  it('come at 15, 30, 60 ... minutes, at most 6 hours, never after the end', () => {
    let previous = made('quota_exhausted', { failure: { resetAt: NOW + DAY, timeSource: 'body' } })
    const minutes: number[] = []
    for (let round = 0; round < 7; round += 1) {
      const next = trialFails(previous, { failure: { resetAt: NOW + DAY, timeSource: 'body' } })
      minutes.push((next.trialAtMs - previous.trialAtMs) / MINUTE)
      previous = next
    }
    expect(minutes).toEqual([30, 60, 120, 240, 360, 360, 255])
    expect(previous).toMatchObject({ untilMs: NOW + DAY, trialAtMs: NOW + DAY, sinceMs: NOW, failedTrials: 7 })
  })

  it('of the last hope come at 1, 2, 4 ... minutes', () => {
    const lastHope = { verdict: { lastHope: true }, failure: { resetAt: NOW + DAY } }
    let previous = made('quota_exhausted', lastHope)
    const minutes = [(previous.trialAtMs - NOW) / MINUTE]
    for (let round = 0; round < 4; round += 1) {
      const next = trialFails(previous, lastHope)
      minutes.push((next.trialAtMs - previous.trialAtMs) / MINUTE)
      previous = next
    }
    expect(minutes).toEqual([1, 2, 4, 8, 16])
  })

  it('lengthen a guessed end', () => {
    const previous = made('quota_exhausted')
    const next = trialFails(previous)
    expect(next.untilMs).toBe(previous.trialAtMs + HOUR)
  })

  it('cannot make a guess outlive a reading', () => {
    const previous = made('quota_exhausted', { failure: { resetAt: NOW + 20 * MINUTE, timeSource: 'header' } })
    const next = trialFails(previous)
    expect(next.untilMs).toBe(NOW + 20 * MINUTE)
    expect(next.evidence.timeSource).toBe('header')
    expect(next.trialAtMs).toBe(NOW + 20 * MINUTE)
  })

  it('take a newer reading, longer or shorter', () => {
    const previous = made('quota_exhausted', { failure: { resetAt: NOW + DAY } })
    expect(trialFails(previous, { failure: { resetAt: NOW + HOUR } }).untilMs).toBe(NOW + HOUR)
    expect(trialFails(previous, { failure: { resetAt: NOW + 2 * DAY } }).untilMs).toBe(NOW + 2 * DAY)
  })

  it('by a throttle prove nothing about the quota: it stays benched, the next trial waits for the throttle', () => {
    const previous = made('quota_exhausted', { failure: { resetAt: NOW + DAY } })
    const at = previous.trialAtMs
    const next = made('rate_limit', { previous, at, attempt: { trial: true }, failure: { retryAfterMs: 30 * SECOND } })
    expect(next).toMatchObject({
      reason: 'quota_exhausted',
      untilMs: NOW + DAY,
      trialAtMs: at + 30 * SECOND,
      failedTrials: 0,
    })
  })

  it('by something graver replace the reason', () => {
    const previous = made('rate_limit', { failure: { retryAfterMs: HOUR }, verdict: { lastHope: true } })
    const next = made('auth_revoked', { previous, at: previous.trialAtMs, attempt: { trial: true } })
    expect(next).toMatchObject({ reason: 'auth_revoked', dead: true, strikes: 1 })
  })
})

describe('concurrent evidence', () => {
  const concurrent = { at: NOW + 500, attempt: { startedAtMs: NOW - 100 } } as const

  it('with a better time replaces a guess, keeping the count and the beginning', () => {
    const previous = made('quota_exhausted')
    const failure = { resetAt: NOW + 5 * HOUR, timeSource: 'header' } as const
    expect(bench('quota_exhausted', { ...concurrent, previous, failure })).toMatchObject({
      untilMs: NOW + 5 * HOUR,
      sinceMs: NOW,
      strikes: 1,
    })
  })

  it('with a time of the same rank changes nothing', () => {
    const previous = made('quota_exhausted', { failure: { resetAt: NOW + HOUR, timeSource: 'body' } })
    const failure = { resetAt: NOW + 9 * HOUR, timeSource: 'body' } as const
    expect(bench('quota_exhausted', { ...concurrent, previous, failure })).toBeUndefined()
  })

  it('of a longer kind replaces a shorter one, never the other way round', () => {
    const throttle = made('rate_limit', { failure: { retryAfterMs: 30 * SECOND } })
    const quota = made('quota_exhausted', { failure: { resetAt: NOW + DAY } })
    expect(bench('quota_exhausted', { ...concurrent, previous: throttle })?.reason).toBe('quota_exhausted')
    expect(bench('rate_limit', { ...concurrent, previous: quota })).toBeUndefined()
  })

  it('never revives the dead', () => {
    const dead = made('auth_revoked')
    for (const label of FAILURE_LABELS) expect(bench(label, { ...concurrent, previous: dead })).toBeUndefined()
  })
})

describe('a bench that stands already', () => {
  const dead = made('auth_revoked')

  it.each([true, false])('a dead one is final in its generation, whatever comes after it (trial: %s)', (trial) => {
    const at = NOW + SECOND
    const startedAtMs = trial ? at : NOW - 1
    expect(bench('auth_revoked', { previous: dead, at, attempt: { trial, startedAtMs } })).toBeUndefined()
    expect(bench('quota_exhausted', { previous: dead, at, attempt: { trial, startedAtMs } })).toBeUndefined()
    const longer = { resetAt: NOW + 40 * DAY }
    expect(
      bench('quota_exhausted', { previous: dead, at, failure: longer, attempt: { trial, startedAtMs } }),
    ).toBeUndefined()
  })

  it('is over at its end, not a moment later: the next one begins anew', () => {
    const previous = made('auth_expired')
    const at = previous.untilMs
    expect(made('quota_exhausted', { previous, at }).sinceMs).toBe(at)
    expect(made('auth_expired', { previous, at, attempt: { startedAtMs: at - 1 } }).sinceMs).toBe(at)
  })

  it('gives way to a graver fact of a failed trial: a longer one, or a dead token', () => {
    const previous = made('auth_expired')
    const at = NOW + MINUTE
    expect(made('billing', { previous, at, attempt: { trial: true } }).reason).toBe('billing')
    const long = made('quota_exhausted', { failure: { resetAt: NOW + 40 * DAY } })
    expect(made('auth_revoked', { previous: long, at, attempt: { trial: true } })).toMatchObject({ dead: true })
  })

  it('a newer guess never shortens a guess', () => {
    const previous = made('billing')
    const longer = { ...previous, untilMs: NOW + 10 * DAY }
    expect(trialFails(longer, { at: NOW + HOUR }).untilMs).toBe(NOW + 10 * DAY)
  })

  it('a newer reading replaces a longer guess, and a longer reading', () => {
    const guessed = { ...made('quota_exhausted'), untilMs: NOW + 10 * DAY }
    const failure = { resetAt: NOW + 2 * DAY }
    expect(trialFails(guessed, { at: NOW + HOUR, failure }).untilMs).toBe(NOW + 2 * DAY)
    const read = made('quota_exhausted', { failure: { resetAt: NOW + 10 * DAY } })
    expect(trialFails(read, { at: NOW + HOUR, failure }).untilMs).toBe(NOW + 2 * DAY)
  })

  it('a better reading that is older than what is known changes nothing', () => {
    const previous = made('quota_exhausted')
    const newer = { ...previous, evidence: { ...previous.evidence, seenAtMs: NOW + MINUTE } }
    const given = { failure: { resetAt: NOW + 2 * DAY }, attempt: { startedAtMs: NOW - 1 }, at: NOW + SECOND }
    expect(bench('quota_exhausted', { ...given, previous: newer })).toBeUndefined()
    expect(bench('quota_exhausted', { ...given, previous })).toMatchObject({ sinceMs: NOW, untilMs: NOW + 2 * DAY })
  })
})

describe('what a policy of the user may say', () => {
  it('a dead token is dead for every model, even when one model was named', () => {
    expect(made('auth_revoked', { failure: { modelScoped: true } }).scope).toBe('*')
  })

  it('nobody is benched by terms of none', () => {
    expect(bench('quota_exhausted', { verdict: { terms: { kind: 'none' } } })).toBeUndefined()
  })
})
