import { describe, expect, it } from 'vitest'
import { credentialOf } from '../../test/support/pool-fixtures.ts'
import { type StrategyInput, STRATEGIES, STRATEGY_NAMES } from './strategies.ts'

const ready = ['a', 'b', 'c'].map((label, priority) => credentialOf({ id: label, label, priority }))
const input = (given: Partial<StrategyInput> = {}): StrategyInput => ({
  ready,
  turn: 0,
  chance: 0,
  usesOf: () => ({ count: 0, lastUsedAtMs: 0 }),
  leftPercentOf: () => undefined,
  current: undefined,
  avoidBelow: 20,
  ...given,
})

describe('strategies', () => {
  it('are the five that configuration accepts', () => {
    expect(STRATEGY_NAMES).toEqual(['fill_first', 'round_robin', 'random', 'least_used', 'quota_aware'])
  })

  it('fill_first takes the first in priority order', () => {
    expect(STRATEGIES.fill_first.pick(input({ turn: 5, chance: 0.9 }))?.label).toBe('a')
  })

  it('round_robin takes turns', () => {
    const labels = [0, 1, 2, 3, 4].map((turn) => STRATEGIES.round_robin.pick(input({ turn }))?.label)
    expect(labels).toEqual(['a', 'b', 'c', 'a', 'b'])
  })

  it('random covers all, evenly, up to the edge', () => {
    const labels = [0, 0.33, 0.34, 0.66, 0.67, 0.999_999].map(
      (chance) => STRATEGIES.random.pick(input({ chance }))?.label,
    )
    expect(labels).toEqual(['a', 'a', 'b', 'b', 'c', 'c'])
  })

  it('least_used counts what the store has not counted yet, and breaks ties by idleness, then priority', () => {
    const used = (uses: Record<string, [count: number, lastUsedAtMs: number]>) =>
      STRATEGIES.least_used.pick(
        input({ usesOf: (id) => ({ count: uses[id]?.[0] ?? 0, lastUsedAtMs: uses[id]?.[1] ?? 0 }) }),
      )?.label
    expect(used({})).toBe('a')
    expect(used({ a: [1, 10] })).toBe('b')
    expect(used({ a: [1, 10], b: [1, 5], c: [1, 7] })).toBe('b')
    expect(used({ a: [2, 1], b: [2, 1], c: [1, 99] })).toBe('c')
    expect(used({ a: [1, 9], b: [2, 1], c: [2, 0] })).toBe('a')
  })

  describe('quota_aware', () => {
    const aware = (left: Record<string, number | undefined>, current?: string, uses: Record<string, number> = {}) =>
      STRATEGIES.quota_aware.pick(
        input({
          current,
          leftPercentOf: (id) => left[id],
          usesOf: (id) => ({ count: uses[id] ?? 0, lastUsedAtMs: 0 }),
        }),
      )?.label

    it.each([
      ['stays at the threshold', { a: 50, b: 20, c: 90 }, 'b', 'b'],
      ['moves a hair below it, to the one with most left', { a: 50, b: 19.9, c: 90 }, 'b', 'c'],
      ['moves on when the current one is not ready', { a: 50, b: 60, c: 40 }, 'z', 'b'],
      ['finds out about one of which nothing is known', { a: 10, b: undefined, c: 99 }, 'a', 'b'],
      ['does not swap between two that are nearly empty', { a: 15, b: 12, c: 3 }, 'b', 'b'],
      ['leaves a nearly empty one for one with clearly more', { a: 15, b: 4, c: 3 }, 'b', 'a'],
      ['starts with the one that has most', { a: 30, b: 80, c: 70 }, undefined, 'b'],
    ])('%s', (_, left, current, expected) => {
      expect(aware(left, current)).toBe(expected)
    })

    it.each([
      ['goes to one that is just good enough, however little that gains', { a: 20, b: 19, c: 3 }, 'b', 'a'],
      ['moves when that gains just enough', { a: 15, b: 5, c: 3 }, 'b', 'a'],
      ['takes the best of the poor when it comes from nowhere', { a: 3, b: 9, c: 5 }, undefined, 'b'],
      ['takes the best of the poor when the current one is gone', { a: 3, b: 9, c: 5 }, 'z', 'b'],
    ])('%s', (_, left, current, expected) => {
      expect(aware(left, current)).toBe(expected)
    })

    it('never prefers less left for fewer uses', () => {
      expect(aware({ a: 60, b: 50, c: 40 }, undefined, { a: 3, b: 2, c: 1 })).toBe('a')
    })

    it('breaks ties by least used, then by priority', () => {
      expect(aware({ a: 60, b: 60, c: 60 }, undefined, { a: 3, b: 1, c: 2 })).toBe('b')
      expect(aware({ a: 60, b: 60, c: 60 })).toBe('a')
    })
  })
})
