import { describe, expect, it } from 'vitest'
import { benchOf, credentialOf, START } from '../../test/support/pool-fixtures.ts'
import { explainOthers, spell } from './explain.ts'
import type { Standing } from './selection.ts'

const bench = benchOf({ reason: 'billing', untilMs: START })
const benched = { kind: 'benched', bench, untilMs: START, trialDue: false, trialScope: '*' } as const

describe('a standing in words', () => {
  it.each<[Standing, string]>([
    [{ kind: 'ready' }, 'ready'],
    [benched, 'billing until 2026-01-01T00:00:00.000Z'],
    [{ ...benched, trialDue: true }, 'billing until 2026-01-01T00:00:00.000Z, trial due'],
    [{ ...benched, bench: { ...bench, scope: 'm' } }, 'billing for m until 2026-01-01T00:00:00.000Z'],
    [{ kind: 'dead', bench: { ...bench, reason: 'auth_revoked' } }, 'dead: auth_revoked'],
    [{ kind: 'missing', why: 'X is not set' }, 'X is not set'],
    [{ kind: 'tried' }, 'tried in this call'],
    [{ kind: 'busy', inFlight: 3, limit: 2 }, '3 of 2 places taken'],
  ])('%j is %j', (standing, words) => {
    expect(spell(standing)).toBe(words)
  })
})

describe('the others', () => {
  const explained = (count: number, triedFrom: number, lent = 'c0') => {
    const credentials = Array.from({ length: count }, (_, each) => credentialOf({ id: `c${each}`, label: `l${each}` }))
    const looked: string[] = []
    const others = explainOthers(
      credentials,
      lent,
      (id) => {
        looked.push(id)
        return []
      },
      {
        nowMs: START,
        model: 'm',
        tried: new Map(credentials.slice(triedFrom).map(({ id }) => [id, 1])),
        inFlight: () => 0,
        limit: 0,
        missing: () => undefined,
      },
    )
    return { others, looked }
  }
  const labels = (count: number, triedFrom: number, lent?: string) =>
    explained(count, triedFrom, lent).others.map(({ label }) => label)

  it('are all but the one that was lent, those that are not ready first', () => {
    expect(explained(4, 3, 'c1').others).toEqual([
      { label: 'l3', standing: 'tried in this call' },
      { label: 'l0', standing: 'ready' },
      { label: 'l2', standing: 'ready' },
    ])
  })

  it('are eight at most, and one that is not ready is worth more than one that is', () => {
    expect(labels(20, 20)).toEqual(['l1', 'l2', 'l3', 'l4', 'l5', 'l6', 'l7', 'l8'])
    expect(labels(20, 18)).toEqual(['l18', 'l19', 'l1', 'l2', 'l3', 'l4', 'l5', 'l6'])
    expect(labels(40, 20)).toEqual(['l20', 'l21', 'l22', 'l23', 'l24', 'l25', 'l26', 'l27'])
  })

  it('are looked for among the first 64, and no longer than needed', () => {
    expect(explained(1000, 1000).looked).toHaveLength(63)
    expect(explained(1000, 63).others[0]?.label).toBe('l63')
    expect(explained(1000, 64).others[0]?.label).toBe('l1')
    expect(explained(1000, 0).looked).toHaveLength(8)
  })
})
