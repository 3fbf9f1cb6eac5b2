import { describe, expect, it } from 'vitest'
import { benchOf, credentialOf, DAY, HOUR, MINUTE, START } from '../../test/support/pool-fixtures.ts'
import type { Bench } from './bench.ts'
import { type Situation, standingOf, survey } from './selection.ts'

const credential = credentialOf()
const situation = (given: Partial<Situation> = {}): Situation => ({
  nowMs: START,
  model: 'gpt-5.5',
  tried: new Map(),
  inFlight: () => 0,
  limit: 0,
  missing: () => undefined,
  ...given,
})
const standing = (benches: readonly Bench[], given: Partial<Situation> = {}) =>
  standingOf(credential, benches, situation(given))
const later = { trialAtMs: START + MINUTE }

describe('where a credential stands', () => {
  it('is ready when nothing speaks against it', () => {
    expect(standing([])).toEqual({ kind: 'ready' })
    expect(standing([benchOf({ scope: 'gpt-5.4' }), benchOf({ untilMs: START })])).toEqual({ kind: 'ready' })
    expect(standing([benchOf({ scope: 'gpt-5.4' })], { model: undefined })).toEqual({ kind: 'ready' })
  })

  it('is told by the bench that ends last, whatever its place in the list', () => {
    const [short, long] = [benchOf({ scope: 'gpt-5.5', untilMs: START + 1 }), benchOf({ untilMs: START + 2 })]
    for (const benches of [
      [short, long],
      [long, short],
    ]) {
      expect(standing(benches)).toMatchObject({ kind: 'benched', bench: long, untilMs: START + 2 })
    }
  })

  it('is tested under the widest scope, and only when every bench is due', () => {
    const [whole, model] = [benchOf(), benchOf({ scope: 'gpt-5.5' })]
    expect(standing([whole, model])).toMatchObject({ trialScope: '*', trialDue: true })
    expect(standing([model, whole])).toMatchObject({ trialScope: '*', trialDue: true })
    expect(standing([model])).toMatchObject({ trialScope: 'gpt-5.5', trialDue: true })
    expect(standing([whole, { ...model, ...later }])).toMatchObject({ trialDue: false })
    expect(standing([{ ...whole, ...later }, model])).toMatchObject({ trialDue: false })
  })

  it('is dead before it is anything else', () => {
    const dead = benchOf({ scope: 'gpt-5.5', dead: true })
    expect(standing([benchOf(), dead], { missing: () => 'gone', limit: 1, inFlight: () => 1 })).toEqual({
      kind: 'dead',
      bench: dead,
    })
  })

  it('is missing before it is benched, tried or busy', () => {
    const given = { missing: () => 'X is not set', tried: new Map([['cred_a', 1]]), limit: 1, inFlight: () => 1 }
    expect(standing([benchOf()], given)).toEqual({ kind: 'missing', why: 'X is not set' })
  })

  it.each<[string, Partial<Situation>]>([
    ['was tried in this call', { tried: new Map([['cred_a', 1]]) }],
    ['was tried with a newer key than we see', { tried: new Map([['cred_a', 2]]) }],
    ['has no place free', { limit: 2, inFlight: () => 2 }],
    ['has more taken than there are places', { limit: 2, inFlight: () => 3 }],
  ])('is not tested while it %s', (_, given) => {
    expect(standing([benchOf()], given)).toMatchObject({ kind: 'benched', trialDue: false })
    expect(standing([], given).kind).not.toBe('ready')
  })

  it('is tried before it is busy, and busy in numbers', () => {
    const busy = { limit: 2, inFlight: () => 3 }
    expect(standing([], { ...busy, tried: new Map([['cred_a', 1]]) })).toEqual({ kind: 'tried' })
    expect(standing([], busy)).toEqual({ kind: 'busy', inFlight: 3, limit: 2 })
  })

  it('is ready with a place left, a newer key, or no limit at all', () => {
    expect(standing([], { limit: 2, inFlight: () => 1 }).kind).toBe('ready')
    expect(standing([], { tried: new Map([['cred_a', 0]]) }).kind).toBe('ready')
    expect(standing([], { tried: new Map([['cred_b', 7]]) }).kind).toBe('ready')
    expect(standing([], { limit: 0, inFlight: () => 9 }).kind).toBe('ready')
    expect(standingOf(credentialOf({ generation: 0 }), [], situation()).kind).toBe('ready')
  })
})

describe('the survey of a pool', () => {
  const credentials = ['a', 'b', 'c', 'd'].map((id) => credentialOf({ id }))
  const surveyed = (benches: Readonly<Record<string, Partial<Bench>>>, given: Partial<Situation> = {}) =>
    survey(
      credentials,
      (id) => (benches[id] === undefined ? [] : [benchOf({ credentialId: id, ...benches[id] })]),
      situation(given),
    )

  it('counts everyone once, by what stands in the way', () => {
    const { ready, trialsDue, why } = surveyed(
      { a: { untilMs: START + HOUR, ...later }, b: { dead: true } },
      { tried: new Map([['c', 1]]) },
    )
    expect(ready.map(({ id }) => id)).toEqual(['d'])
    expect(trialsDue).toEqual([])
    expect(why).toMatchObject({ total: 4, benched: 1, dead: 1, tried: 1, busy: 0, missing: 0 })
    expect(why).toMatchObject({ earliestReturnMs: START + HOUR, bench: { credentialId: 'a' } })
  })

  it('offers trials that are due, the longest overdue first', () => {
    const { trialsDue } = surveyed({
      a: { trialAtMs: START - 1 },
      b: { trialAtMs: START - 3, scope: 'gpt-5.5' },
      c: { trialAtMs: START - 2 },
      d: later,
    })
    expect(trialsDue.map(({ credential: { id }, bench, scope }) => [id, bench.credentialId, scope])).toEqual([
      ['b', 'b', 'gpt-5.5'],
      ['c', 'c', '*'],
      ['a', 'a', '*'],
    ])
  })

  it('names the earliest return, in whatever order they come', () => {
    const { why } = surveyed({ a: { untilMs: START + 3 }, b: { untilMs: START + 1 }, c: { untilMs: START + 2 } })
    expect(why).toMatchObject({ earliestReturnMs: START + 1, bench: { credentialId: 'b' } })
  })

  it('names the newest of the dead when nobody returns', () => {
    const dead = (sinceMs: number) => ({ dead: true, sinceMs })
    const { why } = surveyed({ a: dead(START - 3), b: dead(START - 1), c: dead(START - 2) })
    expect(why.bench?.credentialId).toBe('b')
    expect(why).not.toHaveProperty('earliestReturnMs')
  })

  it('names the one that returns rather than a dead one that is newer', () => {
    const { why } = surveyed({ a: { dead: true, sinceMs: START, untilMs: START + 1 }, b: { untilMs: START + DAY } })
    expect(why).toMatchObject({ earliestReturnMs: START + DAY, bench: { credentialId: 'b' } })
  })

  it('names no bench when there is none', () => {
    const { why } = surveyed({}, { missing: () => 'X is not set' })
    expect(why).toEqual({ total: 4, benched: 0, dead: 0, tried: 0, busy: 0, missing: 4 })
  })
})
