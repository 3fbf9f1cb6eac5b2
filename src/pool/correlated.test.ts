import { describe, expect, it } from 'vitest'
import { credentialOf, DAY, failureOf, MINUTE, SECOND } from '../../test/support/pool-fixtures.ts'
import type { FailureLabel } from '../failure/labels.ts'
import type { Bench } from './bench.ts'
import { softenCorrelated } from './correlated.ts'

const NOW = 1_767_225_600_000
const CREDENTIALS = ['a', 'b', 'c', 'd'].map((id) => credentialOf({ id }))

function benchOf(credentialId: string, given: Partial<Bench> = {}): Bench {
  const reason: FailureLabel = given.reason ?? 'auth_revoked'
  return {
    credentialId,
    scope: '*',
    reason,
    sinceMs: NOW,
    untilMs: NOW + 30 * DAY,
    trialAtMs: NOW + 30 * DAY,
    dead: true,
    tokenGeneration: 1,
    strikes: 1,
    failedTrials: 0,
    evidence: { rule: failureOf(reason, NOW).rule, message: '', timeSource: 'guess', seenAtMs: NOW },
    ...given,
  }
}

const softened = (third: Partial<Bench> = {}, credentials = CREDENTIALS, own: Partial<Bench> = {}) =>
  softenCorrelated(benchOf('a', own), [benchOf('b', own), benchOf('c', { ...own, ...third })], credentials, NOW)

describe('failures of authentication that come together', () => {
  it('are shortened to a minute, and nobody is dead', () => {
    const soft = { dead: false, untilMs: NOW + MINUTE, trialAtMs: NOW + MINUTE }
    expect(softened()).toHaveLength(3)
    for (const bench of softened()) expect(bench).toMatchObject(soft)
    const expired = { reason: 'auth_expired' as const, dead: false, untilMs: NOW + 5 * MINUTE }
    expect(softened({}, CREDENTIALS, expired)).toHaveLength(3)
  })

  it.each<[string, Partial<Bench>]>([
    ['another reason', { reason: 'auth_expired', evidence: benchOf('a').evidence }],
    ['another rule', { evidence: { ...benchOf('a').evidence, rule: 'another' } }],
    ['too long ago', { sinceMs: NOW - 10 * SECOND - 1 }],
    ['over', { untilMs: NOW }],
    ['of an older token', { tokenGeneration: 0 }],
  ])('are not together when the third is %s', (_, third) => {
    expect(softened(third)).toEqual([])
  })

  it('are together up to ten seconds apart', () => {
    expect(softened({ sinceMs: NOW - 10 * SECOND })).toHaveLength(3)
  })

  it('are another matter at another provider, and for other failures', () => {
    const strangers = [credentialOf({ id: 'c', provider: 'anthropic' }), ...CREDENTIALS.filter(({ id }) => id !== 'c')]
    expect(softened({}, strangers)).toEqual([])
    expect(softened({}, CREDENTIALS, { reason: 'billing' })).toEqual([])
    expect(softenCorrelated(benchOf('gone'), [benchOf('a'), benchOf('b')], CREDENTIALS, NOW)).toEqual([])
  })

  it('leave alone what ends soon enough', () => {
    const short = { dead: false, untilMs: NOW + MINUTE }
    expect(
      softened(short)
        .map((bench) => bench.credentialId)
        .sort(),
    ).toEqual(['a', 'b'])
  })
})
