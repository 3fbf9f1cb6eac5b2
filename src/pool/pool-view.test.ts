import { describe, expect, it } from 'vitest'
import { benchOf, credentialOf, START } from '../../test/support/pool-fixtures.ts'
import type { Bench } from './bench.ts'
import type { Credential } from './credential.ts'
import { indexCredentials, viewOf } from './pool-view.ts'

const of = (id: string, given: Partial<Credential> = {}) => credentialOf({ id, ...given })

function seen(credentials: readonly Credential[], benches: readonly Bench[] = [], unwritten: readonly Bench[] = []) {
  return viewOf({ revision: 1, credentials, benches }, indexCredentials(credentials, undefined), unwritten)
}

describe('the index', () => {
  it('is used again while the credentials are the same', () => {
    const credentials = [of('a')]
    const index = indexCredentials(credentials, undefined)
    expect(indexCredentials(credentials, index)).toBe(index)
    expect(indexCredentials([of('a')], index)).not.toBe(index)
  })

  it('is in priority order; among equals the older one first, then by name', () => {
    const credentials = [
      of('e', { priority: 2 }),
      of('d', { priority: 1, createdAtMs: 5 }),
      of('c', { priority: 1, createdAtMs: 4 }),
      of('b', { priority: 1, createdAtMs: 5 }),
      of('a', { priority: 1, createdAtMs: 5 }),
      of('f', { priority: 1, createdAtMs: 5 }),
      of('z', { provider: 'anthropic' }),
    ]
    const view = seen(credentials)
    expect(view.credentialsOf('openai').map(({ id }) => id)).toEqual(['c', 'a', 'b', 'd', 'f', 'e'])
    expect(view.credentialsOf('anthropic').map(({ id }) => id)).toEqual(['z'])
    expect(view.providers).toEqual(['anthropic', 'openai'])
    expect([view.credentialsOf('nobody'), view.credential('z')?.provider, view.credential('y')]).toEqual([
      [],
      'anthropic',
      undefined,
    ])
  })
})

describe('a view', () => {
  const other = of('z', { provider: 'anthropic' })

  it('tells which provider is untroubled: no bench, over or not, and no reference', () => {
    const env = of('y', { provider: 'google', source: { kind: 'env', variable: 'X' } })
    const view = seen([of('a'), other, env], [benchOf({ credentialId: 'a', untilMs: START - 1 })])
    expect(['openai', 'anthropic', 'google', 'nobody'].map(view.untroubled)).toEqual([false, true, false, true])
    expect(['openai', 'anthropic', 'google'].map(view.hasReferences)).toEqual([false, false, true])
  })

  it('lists the benches of a credential, of every scope', () => {
    const [whole, model, others] = [
      benchOf({ credentialId: 'a' }),
      benchOf({ credentialId: 'a', scope: 'm' }),
      benchOf({ credentialId: 'z' }),
    ]
    const view = seen([of('a'), other], [whole, others, model])
    expect([view.benchesOf('a'), view.benchesOf('z'), view.benchesOf('y')]).toEqual([[whole, model], [others], []])
  })

  it('leaves out benches of older keys and of nobody', () => {
    const view = seen([of('a', { generation: 2 })], [benchOf({ credentialId: 'a' }), benchOf({ credentialId: 'gone' })])
    expect([view.benchesOf('a'), view.benchesOf('gone'), view.untroubled('openai')]).toEqual([[], [], true])
  })

  it('puts what the store does not have yet over what it has, unless a reset came since', () => {
    const stored = benchOf({ credentialId: 'a', scope: 'm' })
    const model = benchOf({ credentialId: 'a', scope: 'm', strikes: 5, sinceMs: START })
    const whole = benchOf({ credentialId: 'a', strikes: 6, sinceMs: START })
    const given = (resetStampMs: number) => seen([of('a', { resetStampMs }), other], [stored], [model, whole])
    expect(given(START - 1).benchesOf('a')).toEqual([model, whole])
    expect(given(START - 1).unwrittenIds).toEqual(['a', 'a'])
    expect(given(START).benchesOf('a')).toEqual([stored])
    expect(given(START).unwrittenIds).toEqual([])
    expect(seen([other], [], [whole]).benchesOf('a')).toEqual([])
    expect(seen([of('a'), other], [], [whole]).untroubled('openai')).toBe(false)
  })
})
