import { describe, expect, it } from 'vitest'
import { credentialOf, HOUR, MINUTE, newCredential, SECOND, START } from '../../test/support/pool-fixtures.ts'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { MemoryStore } from '../stores/memory.ts'
import { Chooser, type ChoiceTerms } from './chooser.ts'
import { QuotaBook } from './quota-book.ts'
import { ReadingsView } from './readings-view.ts'
import type { StrategyName } from './strategies.ts'
import { UseCounter } from './use-counter.ts'

const ready = ['a', 'b', 'c'].map((name) => credentialOf({ id: `cred_${name}`, label: name }))
const terms = (strategy: StrategyName, given: Partial<ChoiceTerms> = {}): ChoiceTerms => ({
  strategy,
  avoidBelow: 20,
  minRotationIntervalMs: 0,
  ...given,
})

async function choosing(uses: Readonly<Record<string, number>> = {}) {
  const store = new MemoryStore()
  for (const name of ['a', 'b', 'c']) await store.addCredential(newCredential(name), 0)
  const platform = manualPlatform(START)
  const [counter, quotas] = [new UseCounter(store), new QuotaBook(store)]
  for (const [name, atMs] of Object.entries(uses)) counter.count(`cred_${name}`, atMs)
  const readings = new ReadingsView(store, platform.clock, counter, quotas, () => undefined)
  const chooser = new Chooser(platform, readings)
  const left = (name: string, leftPercent: number, given = {}) =>
    quotas.add(`cred_${name}`, {
      credentialId: `cred_${name}`,
      windows: [{ name: '5h', usedPercent: 100 - leftPercent, windowMinutes: 300, ...given }],
      source: 'header',
      readAtMs: START,
    })
  const pick = (strategy: StrategyName, model: string | undefined = 'gpt-5.5', turn = 0, chance?: number) =>
    chooser.pick('openai', model, ready, terms(strategy), turn, chance)
  return { platform, chooser, left, pick }
}

describe('picking', () => {
  it('hands turn and chance to the strategy, and says which one it was', async () => {
    const { pick } = await choosing()
    expect(pick('round_robin', 'm', 4)).toMatchObject({ credential: { label: 'b' }, because: 'round_robin' })
    expect(pick('random', 'm', 0, 0.7)).toMatchObject({ credential: { label: 'c' }, because: 'random' })
    expect(pick('fill_first')).toMatchObject({ credential: { label: 'a' }, because: 'fill_first' })
  })

  it('takes the first when a strategy has no answer, and nobody from nobody', async () => {
    const { pick, chooser } = await choosing()
    expect(pick('random', 'm', 0, 1)?.credential.label).toBe('a')
    expect(chooser.pick('openai', 'm', [], terms('fill_first'), 0)).toBeUndefined()
  })

  it('by quota looks at the windows of the model and says what it saw', async () => {
    const { pick, left } = await choosing()
    left('a', 30.4)
    left('b', 62.6)
    left('c', 10)
    expect(pick('quota_aware')).toMatchObject({
      credential: { label: 'b' },
      because: 'quota_aware: 63 % of 5h left',
    })
    left('b', 1, { model: 'spark' })
    expect(pick('quota_aware', 'spark')).toMatchObject({ credential: { label: 'a' } })
    expect(pick('quota_aware', undefined)).toMatchObject({ credential: { label: 'b' } })
  })

  it('by quota counts a window as untouched after its reset, and says so of one of which nothing is known', async () => {
    const { pick, left, platform } = await choosing()
    left('a', 30)
    left('b', 5, { resetAt: START + HOUR })
    left('c', 40)
    expect(pick('quota_aware')?.credential.label).toBe('c')
    platform.advance(HOUR)
    expect(pick('quota_aware')).toMatchObject({ credential: { label: 'b' }, because: 'quota_aware: 100 % of 5h left' })
    const blank = await choosing()
    expect(blank.pick('quota_aware')?.because).toBe('quota_aware: nothing is known of its windows yet')
  })
})

describe('the current one', () => {
  it('is, for a process that has just started, who was used last', async () => {
    const { pick, left } = await choosing({ a: START - 3, b: START - 1, c: START - 2 })
    for (const name of ['a', 'b', 'c']) left(name, name === 'b' ? 20 : 90)
    expect(pick('quota_aware')?.credential.label).toBe('b')
  })

  it('is nobody where nobody was used', async () => {
    const { pick, left } = await choosing()
    for (const name of ['a', 'b', 'c']) left(name, name === 'c' ? 90 : 50)
    expect(pick('quota_aware')?.credential.label).toBe('c')
  })

  it('is the remembered one, whoever was used last', async () => {
    const { pick, left, chooser } = await choosing({ b: START - 1 })
    for (const name of ['a', 'b', 'c']) left(name, 50)
    chooser.remember('openai', 'cred_a')
    chooser.remember('anthropic', 'cred_c')
    expect(pick('quota_aware')?.credential.label).toBe('a')
  })
})

describe('the minimum rotation interval', () => {
  const slowly = terms('round_robin', { minRotationIntervalMs: MINUTE })

  it('keeps the current one until exactly its end', async () => {
    const { chooser, platform } = await choosing()
    expect(chooser.kept('openai', ready, slowly)).toBeUndefined()
    chooser.remember('openai', 'cred_b')
    expect(chooser.kept('openai', ready, slowly)).toEqual({
      credential: ready[1],
      because: 'round_robin: too early to move on',
    })
    expect(chooser.kept('anthropic', ready, slowly)).toBeUndefined()
    platform.advance(MINUTE - 1)
    expect(chooser.kept('openai', ready, slowly)?.credential.label).toBe('b')
    platform.advance(1)
    expect(chooser.kept('openai', ready, slowly)).toBeUndefined()
  })

  it('is counted from the move, not from the last call', async () => {
    const { chooser, platform } = await choosing()
    chooser.remember('openai', 'cred_b')
    platform.advance(30 * SECOND)
    chooser.remember('openai', 'cred_b')
    platform.advance(30 * SECOND)
    expect(chooser.kept('openai', ready, slowly)).toBeUndefined()
    chooser.remember('openai', 'cred_c')
    expect(chooser.kept('openai', ready, slowly)?.credential.label).toBe('c')
  })

  it('keeps nobody who is not ready, nobody without an interval, and nobody after the clock was set back', async () => {
    const { chooser, platform } = await choosing()
    chooser.remember('openai', 'cred_b')
    expect(chooser.kept('openai', [credentialOf({ id: 'cred_a' })], slowly)).toBeUndefined()
    expect(chooser.kept('openai', ready, terms('round_robin'))).toBeUndefined()
    platform.advance(-1)
    expect(chooser.kept('openai', ready, slowly)).toBeUndefined()
  })
})
