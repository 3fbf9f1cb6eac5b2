import { describe, expect, it } from 'vitest'
import { benchOf, credentialOf, MINUTE, START } from '../../test/support/pool-fixtures.ts'
import type { Bench } from './bench.ts'
import { indexCredentials, type PoolView, viewOf } from './pool-view.ts'
import type { Survey } from './selection.ts'
import { SurveyCache } from './survey-cache.ts'

const credentials = ['a', 'b'].map((name) => credentialOf({ id: `cred_${name}` }))
const stranger = credentialOf({ id: 'cred_z', provider: 'anthropic' })

function viewWith(benches: readonly Bench[], unwritten: readonly Bench[] = []): PoolView {
  const all = [...credentials, stranger]
  return viewOf({ revision: 1, credentials: all, benches }, indexCredentials(all, undefined), unwritten)
}

/** Asks the cache; tells whether it had to survey. */
function asking() {
  const cache = new SurveyCache()
  let made = 0
  const survey = (): Survey => {
    made += 1
    return { ready: [], trialsDue: [], why: { total: made, benched: 0, dead: 0, tried: 0, busy: 0 } }
  }
  return (view: PoolView, nowMs: number, provider = 'openai', model = 'gpt-5.5') => {
    const before = made
    const { why } = cache.of(view, provider, model, nowMs, survey)
    return made > before ? 'surveyed' : why.total
  }
}

describe('a survey', () => {
  it('holds for its view, provider and model', () => {
    const [one, other] = [viewWith([]), viewWith([])]
    const ask = asking()
    expect(ask(one, START)).toBe('surveyed')
    expect([ask(one, START), ask(one, START + 1e12)]).toEqual([1, 1])
    expect(ask(one, START, 'anthropic')).toBe('surveyed')
    expect(ask(one, START, 'openai', 'gpt-5.4')).toBe('surveyed')
    expect(ask(one, START)).toBe(1)
    expect(ask(other, START)).toBe('surveyed')
    expect(ask(one, START)).toBe('surveyed')
  })

  it('holds no longer when the clock was set back', () => {
    const ask = asking()
    const view = viewWith([])
    ask(view, START)
    expect(ask(view, START - 1)).toBe('surveyed')
  })

  const bench = (given: Partial<Bench>) => benchOf({ untilMs: START + MINUTE, trialAtMs: START + MINUTE, ...given })
  it.each<[string, readonly Bench[], number]>([
    ['a bench ends', [bench({})], MINUTE],
    ['a bench may be tried', [bench({ trialAtMs: START + 7 })], 7],
    ['a bench ends whose trial is past', [bench({ trialAtMs: START })], MINUTE],
    ['the first of several ends', [bench({ untilMs: START + 5 }), bench({ credentialId: 'cred_b' })], 5],
    ['the first of several ends, told last', [bench({ credentialId: 'cred_b' }), bench({ untilMs: START + 5 })], 5],
    [
      'the first of several may be tried',
      [bench({ trialAtMs: START + 9 }), bench({ scope: 'm', trialAtMs: START + 6 })],
      6,
    ],
  ])('holds until %s', (_, benches, afterMs) => {
    const view = viewWith(benches)
    const ask = asking()
    ask(view, START)
    expect(ask(view, START + afterMs - 1)).toBe(1)
    expect(ask(view, START + afterMs)).toBe('surveyed')
  })

  it('takes no notice of benches of others, of older keys, and of those that are over', () => {
    const view = viewWith([
      bench({ credentialId: 'cred_z', untilMs: START + 5 }),
      bench({ tokenGeneration: 0, untilMs: START + 6 }),
      bench({ credentialId: 'cred_b', untilMs: START, trialAtMs: START + 7 }),
    ])
    const ask = asking()
    ask(view, START)
    expect(ask(view, START + MINUTE)).toBe(1)
  })

  it('ends with a bench that the store does not have yet', () => {
    const ask = asking()
    const view = viewWith([], [bench({ untilMs: START + 5 })])
    ask(view, START)
    expect(ask(view, START + 4)).toBe(1)
    expect(ask(view, START + 5)).toBe('surveyed')
  })

  it('is forgotten with all others when clients ask for ever more models', () => {
    const ask = asking()
    const view = viewWith([])
    for (let model = 0; model < 256; model += 1) ask(view, START, 'openai', `m${model}`)
    expect(ask(view, START, 'openai', 'm0')).toBe(1)
    ask(view, START, 'openai', 'one more')
    expect(ask(view, START, 'openai', 'one more')).toBe(257)
    expect(ask(view, START, 'openai', 'm0')).toBe('surveyed')
  })
})
