import { describe, expect, it, vi } from 'vitest'
import {
  benchOf,
  DAY,
  failureOf,
  HOUR,
  MINUTE,
  SECOND,
  requestOf,
  START,
  testPool,
  verdictOf,
} from '../../test/support/pool-fixtures.ts'
import type { Bench } from './bench.ts'
import { benchAfterUsage, type UsageAnswer } from './usage-probe.ts'

const NOW = START

const full = (given = {}) => ({ name: '5h', usedPercent: 100, resetAt: NOW + 2 * HOUR, ...given })
const free = (given = {}) => ({ name: '7d', usedPercent: 12, ...given })

describe('what a usage reading makes of a bench', () => {
  it.each<[string, Bench, UsageAnswer, 'lifted' | 'stands' | 'nothing']>([
    ['all windows have room', benchOf(), { windows: [free()] }, 'lifted'],
    ['one window is full', benchOf(), { windows: [free(), full()] }, 'stands'],
    ['the full window has reset since', benchOf(), { windows: [full({ resetAt: NOW - 1 })] }, 'lifted'],
    ['no window is told', benchOf(), { windows: [] }, 'nothing'],
    ['only a model is full', benchOf(), { windows: [free(), full({ model: 'spark' })] }, 'lifted'],
    ['its own model is full', benchOf({ scope: 'spark' }), { windows: [free(), full({ model: 'spark' })] }, 'stands'],
    ['of its model nothing is told', benchOf({ scope: 'spark' }), { windows: [free()] }, 'nothing'],
    ['its model has room again', benchOf({ scope: 'spark' }), { windows: [free({ model: 'spark' })] }, 'lifted'],
    [
      'its model returns later',
      benchOf({ scope: 'spark' }),
      { windows: [], modelReturns: { spark: NOW + 1 } },
      'stands',
    ],
    [
      'a verdict is newer than the question',
      benchOf({ evidence: { ...benchOf().evidence, seenAtMs: NOW + 1 } }),
      { windows: [free()] },
      'nothing',
    ],
    ['the plan has changed', benchOf(), { windows: [], planType: 'pro' }, 'lifted'],
    ['the plan is the same', benchOf(), { windows: [], planType: 'plus' }, 'nothing'],
    ['credits are back', benchOf({ reason: 'billing' }), { windows: [], hasCredits: true }, 'lifted'],
    ['no credits', benchOf({ reason: 'billing' }), { windows: [free()], hasCredits: false }, 'nothing'],
    ['a dead credential', benchOf({ dead: true }), { windows: [free()] }, 'nothing'],
    ['a throttle', benchOf({ reason: 'rate_limit' }), { windows: [free()] }, 'nothing'],
  ])('%s', (_, before, usage, expected) => {
    const after = benchAfterUsage(before, usage, 'plus', NOW, NOW)
    expect(after === null ? 'lifted' : after === undefined ? 'nothing' : 'stands').toBe(expected)
  })

  it('that stands takes the newer reset, and the endpoint is asked again a quarter of an hour later', () => {
    const once = benchAfterUsage(benchOf(), { windows: [full()] }, undefined, NOW, NOW)
    expect(once).toMatchObject({
      untilMs: NOW + 2 * HOUR,
      trialAtMs: NOW + 15 * MINUTE,
      failedTrials: 1,
      sinceMs: NOW - HOUR,
    })
    expect(once?.evidence).toMatchObject({ timeSource: 'usage', seenAtMs: NOW })
    const silent = benchAfterUsage(benchOf(), { windows: [full({ resetAt: undefined })] }, undefined, NOW, NOW)
    expect(silent).toMatchObject({ untilMs: NOW + 5 * DAY, evidence: { timeSource: 'stated' } })
  })
})

/** A pool whose provider has a usage endpoint that answers as told. */
async function probed(names: readonly string[], answer: () => UsageAnswer | undefined) {
  const probe = vi.fn<() => Promise<UsageAnswer | undefined>>(async () => answer())
  const world = await testPool(names, { probeUsage: { canProbe: () => true, probe } })
  const empty = (request = {}) =>
    world.failWith('quota_exhausted', { resetAt: world.platform.clock.now() + 5 * DAY }, request)
  return { ...world, probe, empty }
}

describe('a bench whose trial is due', () => {
  it('is tested by the usage endpoint, and no call has to be the guinea pig', async () => {
    const { pool, probe, empty, platform, benches } = await probed(['a'], () => ({
      windows: [full({ resetAt: NOW + 4 * DAY })],
    }))
    await empty()
    platform.advance(15 * MINUTE)
    expect((await pool.acquire(requestOf())).kind).toBe('nothing')
    expect(probe).toHaveBeenCalledTimes(1)
    expect((await benches())[0]).toMatchObject({ untilMs: NOW + 4 * DAY, failedTrials: 1 })
    expect((await pool.acquire(requestOf())).kind).toBe('nothing')
    expect(probe).toHaveBeenCalledTimes(1)
  })

  it('is lifted when the account came back early, and the call is served as any other (72941)', async () => {
    const { lend, empty, platform, benches } = await probed(['a'], () => ({ windows: [free()] }))
    await empty()
    platform.advance(15 * MINUTE)
    expect((await lend()).trial).toBe(false)
    expect(await benches()).toEqual([])
  })

  it('is tested by the call itself when the endpoint says nothing: an expired token there is no evidence (89415)', async () => {
    const { lend, empty, platform } = await probed(['a'], () => undefined)
    await empty()
    platform.advance(15 * MINUTE)
    expect((await lend()).trial).toBe(true)
  })

  it('is tested in the background while others serve, once however many calls come', async () => {
    const { pool, probe, empty, platform, benches, who } = await probed(['a', 'b'], () => ({ windows: [free()] }))
    await empty()
    expect(await who()).toBe('b')
    expect(probe).not.toHaveBeenCalled()
    platform.advance(15 * MINUTE)
    await Promise.all(Array.from({ length: 20 }, () => who()))
    await pool.close()
    expect(probe).toHaveBeenCalledTimes(1)
    expect(await benches()).toEqual([])
    expect(await who()).toBe('a')
  })

  it('asks an endpoint that is silent less and less often', async () => {
    const { pool, probe, empty, platform, who } = await probed(['a', 'b'], () => undefined)
    await empty()
    platform.advance(15 * MINUTE)
    for (let minute = 0; minute < 60; minute += 1) {
      await who()
      await pool.close()
      platform.advance(60 * SECOND)
    }
    expect(probe.mock.calls.length).toBeLessThanOrEqual(6)
    expect(probe.mock.calls.length).toBeGreaterThanOrEqual(3)
  })

  it('keeps a verdict that came while the question was under way', async () => {
    let meanwhile = async () => {}
    const probe = vi.fn<() => Promise<UsageAnswer | undefined>>(async () => {
      await meanwhile()
      return { windows: [free()] }
    })
    const { pool, lend, failWith, platform, benches, who } = await testPool(['a', 'b'], {
      probeUsage: { canProbe: () => true, probe },
    })
    const early = await lend()
    await failWith('quota_exhausted', { resetAt: platform.clock.now() + 5 * DAY, timeSource: 'header' })
    platform.advance(15 * MINUTE)
    meanwhile = async () => {
      platform.advance(1)
      await early.fail(verdictOf(failureOf('quota_exhausted', platform.clock.now(), { resetAt: NOW + 3 * DAY })))
    }
    expect(await who()).toBe('b')
    await pool.close()
    expect(probe).toHaveBeenCalledTimes(1)
    expect(await benches()).toMatchObject([{ credentialId: 'cred_a', untilMs: NOW + 3 * DAY }])
  })
})
