import { describe, expect, it } from 'vitest'
import type { UsageAnswer } from '../../src/pool/usage-probe.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { DAY, MINUTE, testPool } from '../support/pool-fixtures.ts'

/** A cooldown of days was trusted blindly although the user had topped up; the probe that could have told used an expired token and took its 401 for an answer. */
async function benched(label: 'billing' | 'quota_exhausted', usage: UsageAnswer | undefined) {
  const probeUsage = { canProbe: () => true, probe: () => Promise.resolve(usage) }
  const world = await testPool(['a'], { probeUsage })
  await world.failWith(label, { resetAt: world.platform.clock.now() + 6 * DAY })
  world.platform.advance(15 * MINUTE)
  return world
}

describe('a long bench is asked about before it is believed (89415)', () => {
  it.each([
    ['billing', { windows: [], hasCredits: true }],
    ['quota_exhausted', { windows: [{ name: '7d', usedPercent: 3 }] }],
  ] as const)('%s: lifted after a quarter of an hour', async (label, usage) => {
    const { lend, benches } = await benched(label, usage)
    expect((await lend()).trial).toBe(false)
    expect(await benches()).toEqual([])
  })

  it.each([401, 403, 500])('HTTP %i of the usage endpoint says nothing about quota, whatever its body', (status) => {
    const window = { used_percent: 3, limit_window_seconds: 604_800, reset_after_seconds: 60 }
    const body = JSON.stringify({ plan_type: 'plus', rate_limit: { primary_window: window } })
    const probe = PROVIDERS['openai-codex']?.usageProbe
    expect(probe?.read(200, {}, body, 0)?.windows).toMatchObject([{ usedPercent: 3 }])
    expect(probe?.read(status, {}, body, 0)).toBeUndefined()
    for (const { usageProbe } of Object.values(PROVIDERS))
      expect(usageProbe?.read(status, {}, '{"error":{"message":"token expired"}}', 0)).toBeUndefined()
  })

  it('a probe without an answer neither lifts nor prolongs: one call tests it', async () => {
    const { lend, benches, who } = await benched('quota_exhausted', undefined)
    const before = await benches()
    const trial = await lend()
    expect(trial.trial).toBe(true)
    expect(await benches()).toEqual(before)
    expect(await who()).toBe('nothing')
    await trial.succeed()
    expect(await who()).toBe('a')
  })

  it('a bench that stands is asked about again, every quarter of an hour and not at every call', async () => {
    const full = { windows: [{ name: '7d', usedPercent: 100 }] }
    let asked = 0
    const probe = () => {
      asked += 1
      return Promise.resolve(full)
    }
    const world = await testPool(['a'], { probeUsage: { canProbe: () => true, probe } })
    await world.failWith('quota_exhausted', { resetAt: world.platform.clock.now() + 6 * DAY })
    for (let minute = 0; minute < 24 * 60; minute += 10) {
      world.platform.advance(10 * MINUTE)
      await world.who()
    }
    // A call comes every ten minutes, so that every second one finds the quarter over.
    expect(asked).toBeGreaterThanOrEqual(24 * 3)
    expect(asked).toBeLessThanOrEqual(24 * 4)
  })
})
