import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COLUMNS, sumOf } from '../../bench/policies/columns.ts'
import { FULL_PLAN, introduction, table } from '../../bench/policies/page.ts'
import { POLICIES } from '../../bench/policies/policies.ts'
import { SCENARIOS } from '../../bench/policies/scenario.ts'
import { simulate } from '../../bench/policies/simulate.ts'
import { shown } from '../../bench/policies/table.ts'

const DAYS = 5

async function play(world: string, seed: number) {
  const scenario = SCENARIOS.find(({ name }) => name === world)
  if (scenario === undefined) throw new Error(world)
  const runs = []
  for (const policy of POLICIES) {
    runs.push({ policy: policy.name, scenario: world, seed, tally: await simulate(policy, scenario, seed, DAYS) })
  }
  return runs
}

describe('the simulation of policies', () => {
  it('gives the same table for the same seed, and another one for another seed', { timeout: 120_000 }, async () => {
    const [one, two, other] = [await play('everything', 1), await play('everything', 1), await play('everything', 2)]
    expect(table(two)).toBe(table(one))
    expect(table(other)).not.toBe(table(one))
  })

  it('makes every policy answer the same calls', { timeout: 120_000 }, async () => {
    const runs = await play('lost-logins', 1)
    expect(new Set(runs.map(({ tally }) => tally.calls)).size).toBe(1)
    expect(runs[0]?.tally.calls).toBeGreaterThan(50)
  })

  it('shows ours ahead where resets are announced wrongly', { timeout: 120_000 }, async () => {
    const runs = await play('wrong-reset-times', 1)
    const valueOf = (policy: string, column: string) => {
      const found = COLUMNS.find(({ name }) => name === column)
      const own = runs.filter((run) => run.policy === policy).map(({ tally }) => tally)
      return found === undefined ? Number.NaN : (shown(found, sumOf(own)) ?? Number.NaN)
    }
    const ours = 'sparekey fill_first'
    expect(valueOf(ours, 'avoided, min')).toBeLessThan(valueOf('trust the reset verbatim', 'avoided, min'))
    for (const rival of ['retry three times, then fall back', 'fixed cooldown of 5 s', 'stateless, in order']) {
      expect(valueOf(ours, 'refused per exhaustion')).toBeLessThan(valueOf(rival, 'refused per exhaustion'))
      expect(valueOf(ours, 'hammered, min')).toBeLessThan(valueOf(rival, 'hammered, min'))
    }
  })

  it('wrote a page that says what the code says', () => {
    const text = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8')
    expect(text.startsWith(introduction(FULL_PLAN))).toBe(true)
  })
})
