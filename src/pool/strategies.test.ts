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
  })
})
