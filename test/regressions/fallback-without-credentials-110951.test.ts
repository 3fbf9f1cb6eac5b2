import { describe, expect, it } from 'vitest'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** The fallback was a provider that nobody had a key for, or one whose key was looked for in the wrong place. */
const DOWN = { status: 503, body: { error: { message: 'Service unavailable' } } }
const env = (label: string) => ({
  label,
  source: { kind: 'env', variable: label.toUpperCase() } as const,
  fingerprint: fingerprintOf(label),
})

describe('a route without a credential that can be used', () => {
  it.each([
    ['none at all', []],
    ['a variable that is not set', [env('missing')]],
  ])('%s: skipped without asking anybody, and said so (110951, 110831)', async (_what, tokens) => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: ['a'] },
        { provider: 'groq', tokens },
        { provider: 'openrouter', tokens: ['k'] },
      ],
      pool: { references: { environment: () => undefined } },
      answer: ({ token }) => (token === 'a' ? DOWN : 'good'),
    })
    expect((await relay.call()).headers['x-sparekey-route']).toBe('openrouter/gpt-5.5')
    expect(new Set(relay.tokens())).toEqual(new Set(['a', 'k']))
    const told = relay.events.flatMap((event) => (event.type === 'decided' ? [event.reason] : []))
    expect(told).toContainEqual(expect.stringMatching(/^groq: no credential (?:for|of) groq/))
  })

  it.each([
    ['only in the pool', ['k'], {}],
    ['only in the environment', [env('k')], { K: 'k' }],
  ] as const)('one that is %s is one (15914)', async (_where, tokens, variables: Readonly<Record<string, string>>) => {
    const relay = await relayBefore({
      routes: [
        { provider: 'openai', tokens: ['a'] },
        { provider: 'openrouter', tokens },
      ],
      pool: { references: { environment: (name) => variables[name] } },
      answer: ({ token }) => (token === 'a' ? DOWN : 'good'),
    })
    expect((await relay.call()).headers['x-sparekey-route']).toBe('openrouter/gpt-5.5')
    expect(relay.tokens().at(-1)).toBe('k')
  })
})
