import { describe, expect, it } from 'vitest'
import type { Scenario } from '../../src/simulator/index.ts'
import { type ChainWorld, chainWorld } from '../support/chain-world.ts'
import { ask } from '../support/client.ts'

/** Chains from a `config.yaml` over real sockets, by the gateway and by the drop-in fetch: both decide alike. */

const EMPTY: Scenario['credentials'] = {
  'tok-a': {
    steps: [{ kind: 'failed', error: { type: 'usage_limit_reached', message: 'used up', resets_in_seconds: 7200 } }],
  },
}
const PLAN_THEN_PAID = 'models: { m: { routes: [openai-codex/m, openrouter/m], fallbackPolicy: POLICY } }\n'

const SURFACES = [
  ['gateway', (world: ChainWorld, headers: Record<string, string>) => asked(world, headers)],
  ['fetch', (world: ChainWorld, headers: Record<string, string>) => asked(world, headers, world.fetch)],
] as const

function asked(world: ChainWorld, headers: Record<string, string>, fetch?: ChainWorld['fetch']) {
  const body = { model: 'm', input: 'hello', stream: false }
  return ask(world.gateway.url, 'responses', false, { body, headers, ...(fetch === undefined ? {} : { fetch }) })
}

const sides = { 'openai-codex': { credentials: EMPTY }, openrouter: {} }
const withPolicy = (policy: string) => chainWorld(sides, PLAN_THEN_PAID.replace('POLICY', policy))

describe.each(SURFACES)('a metered route behind a subscription, by %s', (_surface, call) => {
  it.each([
    ['any', {}],
    ['ask-header', { 'x-sparekey-metered': 'allow' }],
  ])('%s with %j: taken, and announced in header, event, log and story', async (policy, headers) => {
    const world = await withPolicy(policy)
    const answer = await call(world, headers)
    expect(answer).toMatchObject({ status: 200, ending: 'complete' })
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-sparekey-route': 'openrouter/m',
      'x-sparekey-fallback': 'quota_exhausted',
      'x-sparekey-metered': 'openrouter/m',
    })
    const told = { provider: 'openrouter', model: 'm', insteadOf: 'openai-codex/m', reason: 'quota_exhausted' }
    expect(world.events.filter(({ type }) => type === 'metered_fallback')).toEqual([expect.objectContaining(told)])
    expect(world.events.at(-1)).toMatchObject({ type: 'call_ended', meteredFallback: 'openrouter/m' })
    expect(world.log.at(-1)).toMatchObject({ level: 40, fallback: 'quota_exhausted', metered: 'openrouter/m' })
  })

  it.each([
    ['subscription-only', { 'x-sparekey-metered': 'allow' }, 'subscription-only'],
    ['ask-header', {}, 'x-sparekey-metered: allow'],
    ['any', { 'x-sparekey-metered': 'deny' }, 'x-sparekey-metered: deny'],
  ])('%s with %j: not taken, and the refusal says what would have been possible', async (policy, headers, why) => {
    const world = await withPolicy(policy)
    const answer = await call(world, headers)
    expect(answer.status).toBe(429)
    expect(answer.headers.get('x-sparekey-withheld')).toBe('openrouter/m')
    const { message, sparekey } = answer.error ?? {}
    expect(message).toContain('Possible and not taken: openrouter/m is metered')
    expect(message).toContain(why)
    expect(sparekey).toMatchObject({ withheld: [{ route: 'openrouter/m' }] })
    expect(world.hits('openrouter')).toBe(0)
  })

  it('a served call on the first route says nothing of it', async () => {
    const world = await chainWorld({ 'openai-codex': {}, openrouter: {} }, PLAN_THEN_PAID.replace('POLICY', 'any'))
    const answer = await call(world, {})
    expect(answer.headers.get('x-sparekey-metered')).toBeNull()
    expect(world.log.at(-1)).toMatchObject({ level: 30 })
    expect(world.events.some(({ type }) => type === 'metered_fallback')).toBe(false)
  })
})

describe.each(SURFACES)('a chain that the request names, by %s', (_surface, call) => {
  const config = 'models: { m: [openai-codex/m], spare: { routes: [groq/llama], fallback: [mistral/*] } }\n'
  const open = () => chainWorld({ 'openai-codex': {}, groq: {}, mistral: {} }, config)

  it.each([
    ['spare', 'groq/llama'],
    ['mistral/large, openai-codex/*', 'mistral/large'],
  ])('%s', async (named, route) => {
    const answer = await call(await open(), { 'x-sparekey-chain': named })
    expect(answer).toMatchObject({ status: 200, ending: 'complete' })
    expect(answer.headers.get('x-sparekey-route')).toBe(route)
  })

  it('an unknown name is a typed 400, and nobody is asked', async () => {
    const world = await open()
    const answer = await call(world, { 'x-sparekey-chain': 'spar' })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('x-sparekey-error')).toBe('chain_unknown')
    expect(answer.error).toMatchObject({
      code: 'chain_unknown',
      message: expect.stringContaining('did you mean "spare"?') as string,
    })
    expect(['openai-codex', 'groq', 'mistral'].map((each) => world.hits(each))).toEqual([0, 0, 0])
  })

  it('no provider is told of it', async () => {
    const world = await open()
    await call(world, { 'x-sparekey-chain': 'spare', 'x-sparekey-metered': 'allow' })
    expect(
      Object.keys(world.upstream('groq').requests[0]?.headers ?? {}).filter((name) => name.startsWith('x-sparekey')),
    ).toEqual([])
  })
})

describe('the policy of a client key', () => {
  const clients =
    'clients: [{ name: saver, key: key-of-saver, fallbackPolicy: subscription-only }, { name: asker, key: key-of-asker, fallbackPolicy: ask-header }, { name: rich, key: key-of-rich }]\n'
  const open = () => chainWorld(sides, PLAN_THEN_PAID.replace('POLICY', 'any') + clients)
  const by = (name: string, more: Record<string, string> = {}) => ({ authorization: `Bearer key-of-${name}`, ...more })

  it('holds for its calls only', async () => {
    const world = await open()
    expect((await asked(world, by('saver'))).status).toBe(429)
    expect((await asked(world, by('asker'))).status).toBe(429)
    expect(world.hits('openrouter')).toBe(0)
    expect((await asked(world, by('asker', { 'x-sparekey-metered': 'allow' }))).status).toBe(200)
    expect((await asked(world, by('rich'))).status).toBe(200)
  })

  it.each(['openrouter/m', 'openrouter/m, openai-codex/m', 'm,openrouter/other'])(
    'no chain of its own leads around it: %s',
    async (named) => {
      const world = await open()
      const answer = await asked(world, by('saver', { 'x-sparekey-chain': named, 'x-sparekey-metered': 'allow' }))
      expect([403, 429]).toContain(answer.status)
      expect(world.hits('openrouter')).toBe(0)
      expect((await asked(world, by('rich', { 'x-sparekey-chain': named }))).status).toBe(200)
    },
  )

  it('nor does a route as the name of a model', async () => {
    const world = await open()
    const body = { model: 'openrouter/m', input: 'hello' }
    const answer = await ask(world.gateway.url, 'responses', false, { body, headers: by('saver') })
    expect(answer.status).toBe(403)
    expect(answer.error).toMatchObject({ code: 'fallback_refused' })
    expect(world.hits('openrouter')).toBe(0)
  })
})
