import { describe, expect, it } from 'vitest'
import { classify } from '../../src/failure/classify.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { testPool, verdictOf } from '../support/pool-fixtures.ts'
import { readFixture } from '../support/rule-tables.ts'

/** A limit of one model benched the key for all of them. */
async function meet(fixture: string, provider: string) {
  const world = await testPool(['a'])
  const { evidence } = readFixture(fixture)
  const failure = classify({ ...evidence, seenAtMs: world.platform.clock.now() }, PROVIDERS[provider]?.rules)
  await (await world.lend({ model: 'limited' })).fail(verdictOf(failure))
  return { ...world, failure }
}

describe('a limit of one model', () => {
  it.each([
    ['108656', 'google/429-limit-zero', 'gemini'],
    ['108656', 'google/429-quota-per-minute', 'gemini'],
    ['108656', 'google/429-capacity-on-model', 'gemini'],
    ['61451', 'anthropic/429-model-window', 'anthropic'],
    ['61451', 'anthropic/429-model-rate-limit', 'anthropic'],
    ['61451', 'openai-codex/429-model-limit', 'openai-codex'],
  ])('leaves the key to all other models (%s, %s)', async (_number, fixture, provider) => {
    const { who } = await meet(fixture, provider)
    expect(await who({ model: 'limited' })).toBe('nothing')
    expect(await who({ model: 'another' })).toBe('a')
  })

  it('of zero is no throttle: its "retry in 45 s" never helps (108656)', async () => {
    const { failure } = await meet('google/429-limit-zero', 'gemini')
    expect(failure).toMatchObject({ label: 'entitlement', modelScoped: true })
    expect(failure.retryAfterMs).toBeUndefined()
  })

  it('keeps the time that RetryInfo gives (108656)', async () => {
    const { failure, benches, platform } = await meet('google/429-quota-per-minute', 'gemini')
    expect(failure.retryAfterMs).toBe(34_075)
    expect((await benches())[0]?.untilMs).toBe(platform.clock.now() + 34_075)
  })
})
