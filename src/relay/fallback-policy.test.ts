import { describe, expect, it } from 'vitest'
import { PROVIDERS } from '../providers/_registry.ts'
import type { Route } from './call.ts'
import { allowedRoutes, isMeteredFallback } from './fallback-policy.ts'
import type { FallbackPolicy } from './resolved-chain.ts'

function route(provider: string): Route {
  const definition = PROVIDERS[provider]
  if (definition === undefined) throw new Error(`no provider ${provider}`)
  return { provider, model: 'm', definition, baseUrl: '', headers: [], wires: definition.wires }
}

const PLAN = route('openai-codex')
const PAID = route('openrouter')
const OWN = route('ollama')

interface Given {
  readonly chain?: readonly Route[]
  readonly policy?: FallbackPolicy
  readonly client?: FallbackPolicy
  readonly said?: string
  readonly named?: true
  readonly startsUnmetered?: boolean
}

function taken({ chain = [PLAN, PAID, OWN], policy, client, said, named, startsUnmetered }: Given) {
  const resolved = {
    kind: 'chain' as const,
    chain,
    ...(policy === undefined ? {} : { fallbackPolicy: policy }),
    ...(named === undefined ? {} : { namedByCaller: named }),
    ...(startsUnmetered === undefined ? {} : { startsUnmetered }),
  }
  const allowed = allowedRoutes(resolved, said === undefined ? [] : [['X-Sparekey-Metered', said]], client)
  return 'error' in allowed
    ? allowed.error.code
    : { takes: allowed.chain.map(({ provider }) => provider), withheld: allowed.withheld.map((each) => each.route) }
}

const ALL = { takes: ['openai-codex', 'openrouter', 'ollama'], withheld: [] }
const FREE = { takes: ['openai-codex', 'ollama'], withheld: ['openrouter/m'] }

describe('which routes a request may take', () => {
  it.each<[string, Given, ReturnType<typeof taken>]>([
    ['without a policy all', {}, ALL],
    ['any: all', { policy: 'any', client: 'any' }, ALL],
    ['subscription-only: none that is metered', { policy: 'subscription-only' }, FREE],
    ['and no header changes that', { policy: 'subscription-only', said: 'allow' }, FREE],
    ['ask-header: not without the header', { policy: 'ask-header' }, FREE],
    ['ask-header: with it', { policy: 'ask-header', said: ' Allow' }, ALL],
    ['the stricter one of chain and client wins', { policy: 'any', client: 'subscription-only', said: 'allow' }, FREE],
    ['in both directions', { policy: 'subscription-only', client: 'any' }, FREE],
    ['a request may be stricter than its chain', { said: 'deny' }, FREE],
    ['a word that nobody knows is told', { said: 'perhaps' }, 'invalid_header'],
    [
      'a chain that begins metered has no metered fallback',
      { chain: [PAID, PLAN], policy: 'subscription-only', client: 'subscription-only' },
      { takes: ['openrouter', 'openai-codex'], withheld: [] },
    ],
    [
      'deny keeps nobody from what was asked for',
      { chain: [PAID], said: 'deny' },
      { takes: ['openrouter'], withheld: [] },
    ],
    [
      'what the client names is held by its own policy from the first route on',
      { chain: [PAID, OWN], named: true, client: 'subscription-only' },
      { takes: ['ollama'], withheld: ['openrouter/m'] },
    ],
    [
      'and by none where it has none',
      { chain: [PAID, OWN], named: true, policy: 'subscription-only' },
      { takes: ['openrouter', 'ollama'], withheld: [] },
    ],
    [
      'the configured chain began without cost: no other order leads around it',
      { chain: [PAID, PLAN], named: true, startsUnmetered: true, policy: 'subscription-only' },
      { takes: ['openai-codex'], withheld: ['openrouter/m'] },
    ],
    ['nothing left is a refusal of its own', { chain: [PAID], named: true, client: 'ask-header' }, 'fallback_refused'],
  ])('%s', (_name, given, expected) => {
    expect(taken(given)).toEqual(expected)
  })

  it('a provider that the configuration calls free is not metered', () => {
    const lab: Route = { ...PAID, provider: 'lab', billing: 'free' }
    expect(taken({ chain: [PLAN, lab], policy: 'subscription-only' })).toEqual({
      takes: ['openai-codex', 'lab'],
      withheld: [],
    })
    expect([isMeteredFallback([PLAN, PAID], PAID), isMeteredFallback([PLAN, lab], lab)]).toEqual([true, false])
    expect([isMeteredFallback([PAID], PAID), isMeteredFallback([PAID, OWN], OWN)]).toEqual([false, false])
  })
})
