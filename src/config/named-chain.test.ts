import { describe, expect, it } from 'vitest'
import { fixedEnvironment } from '../platform/environment.ts'
import { PROVIDERS } from '../providers/_registry.ts'
import { loadText } from './load.ts'
import { resolveNamed } from './named-chain.ts'
import { resolveChain } from './resolve.ts'

const TEXT = `
models:
  coding:
    routes: [openai-codex/gpt-5.5, openrouter/*]
    fallback: [anthropic/claude-sonnet-5]
    fallbackPolicy: ask-header
  cheap: [mistral/small]
  strict: { routes: [openai-codex/gpt-5.5], fallbackPolicy: subscription-only, fallback: [] }
  "*": [openai/*]
fallback: [groq/llama]
`

function configOf(text: string) {
  const loaded = loadText({ text }, 'config.yaml', fixedEnvironment({}))
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}

function told(resolved: ReturnType<typeof resolveNamed>) {
  if (resolved.kind === 'unknown') return resolved.message
  return {
    routes: resolved.chain.map(({ provider, model }) => `${provider}/${model}`),
    policy: resolved.fallbackPolicy,
  }
}

const HOLDERS = new Set(['openai-codex'])
const named = (asked: string, model = 'gpt-5.5', text = TEXT) =>
  told(resolveNamed(configOf(text), PROVIDERS, HOLDERS, asked, model, 'responses'))
const CODING = ['openai-codex/gpt-5.5', 'openrouter/gpt-5.5', 'anthropic/claude-sonnet-5']

describe('a chain with more than routes', () => {
  it('ends as it says itself, and has a policy of its own', () => {
    const of = (model: string) => told(resolveChain(configOf(TEXT), PROVIDERS, HOLDERS, model, 'responses'))
    expect(of('coding')).toEqual({
      routes: ['openai-codex/gpt-5.5', 'openrouter/coding', CODING[2]],
      policy: 'ask-header',
    })
    expect(of('cheap')).toEqual({ routes: ['mistral/small', 'groq/llama'], policy: 'any' })
    expect(of('strict')).toEqual({ routes: ['openai-codex/gpt-5.5'], policy: 'subscription-only' })
    expect(of('other')).toEqual({ routes: ['openai/other', 'groq/llama'], policy: 'any' })
  })
})

describe('a chain that a request names', () => {
  it.each([
    ['coding', CODING, 'ask-header'],
    [' cheap ', ['mistral/small', 'groq/llama'], 'any'],
    ['mistral/large, openai/*', ['mistral/large', 'openai/gpt-5.5'], 'any'],
    // Doubles are left out; the strictest policy of all that is named holds.
    ['cheap,mistral/small,coding', ['mistral/small', 'groq/llama', ...CODING], 'ask-header'],
    ['coding, strict', CODING, 'subscription-only'],
  ])('"%s"', (asked, routes, policy) => {
    expect(named(asked)).toEqual({ routes, policy })
  })

  it('is never looser than the chain that its model would have had', () => {
    expect(named('cheap', 'strict')).toMatchObject({ policy: 'subscription-only' })
    const resolved = resolveNamed(configOf(TEXT), PROVIDERS, HOLDERS, 'mistral/large', 'strict', 'responses')
    expect(resolved).toMatchObject({ startsUnmetered: true, namedByCaller: true })
  })

  it.each([
    [
      'chaep',
      'x-sparekey-chain names "chaep", which is neither a name under "models" nor provider/model; did you mean "cheap"?',
    ],
    ['nobody/m', 'x-sparekey-chain names "nobody/m", which is neither a name under "models" nor provider/model'],
    ['openai/', 'names "openai/"'],
    ['', 'names ""'],
    ['cheap,', 'names ""'],
    ['constructor', 'names "constructor"'],
    [Array.from({ length: 21 }, (_, index) => `openai/${index}`).join(), 'names more than 20 routes'],
    ['x'.repeat(100_000), 'names more than 20 routes'],
  ])('"%s" is unknown', (asked, message) => {
    expect(named(asked)).toContain(message)
  })
})

describe('the file', () => {
  it.each([
    ['models: { a: { routes: [x] } }', 'models.a.routes[0]', 'a route is provider/model'],
    ['models: { a: [openai/a, b] }', 'models.a[1]', 'a route is provider/model'],
    ['models: { a: { route: [openai/a] } }', 'models.a.routes', 'must be a list'],
    ['models: { a: { routes: [openai/a], falback: [] } }', 'models.a.falback', 'unknown key'],
    [
      'models: { a: { routes: [openai/a], fallbackPolicy: never } }',
      'models.a.fallbackPolicy',
      'must be one of any, ask-header, subscription-only',
    ],
    ['models: { a: 7 }', 'models.a', 'must be'],
    ['models: { a: [] }', 'models.a', 'must not be an empty list'],
  ])('%s', (text, key, message) => {
    const loaded = loadText({ text }, 'config.yaml', fixedEnvironment({}))
    const problems = 'problems' in loaded ? loaded.problems : []
    expect(problems.map((each) => [each.key, each.message])).toContainEqual([key, expect.stringContaining(message)])
    expect(problems.every(({ line }) => line === 1)).toBe(true)
  })
})
