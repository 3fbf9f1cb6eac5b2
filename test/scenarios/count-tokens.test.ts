import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import type { Scenario, Step } from '../../src/simulator/index.ts'
import { type ChainSide, type ChainWorld, chainWorld } from '../support/chain-world.ts'

/** `POST /v1/messages/count_tokens` by the gateway and by the drop-in fetch, over real sockets. */

const THROTTLE: Step = {
  kind: 'error',
  status: 429,
  body: { type: 'error', error: { type: 'rate_limit_error', message: 'Too many token counting requests' } },
  headers: { 'retry-after': '30' },
}
const INVALID: Step = {
  kind: 'error',
  status: 401,
  body: { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } },
}
const steps = (...all: readonly (readonly [string, Step])[]): Scenario['credentials'] =>
  Object.fromEntries(all.map(([token, step]) => [token, { steps: [step] }]))

const TEXT = 'The quick brown fox jumps over the lazy dog.'

const SURFACES = [
  ['gateway', (world: ChainWorld, body: unknown, headers = {}) => asked(fetch, world.gateway.url, body, headers)],
  [
    'fetch',
    (world: ChainWorld, body: unknown, headers = {}) => asked(world.fetch, 'http://any.example', body, headers),
  ],
] as const

async function asked(
  by: (url: string, init: RequestInit) => Promise<Response>,
  url: string,
  body: unknown,
  headers: Record<string, string>,
) {
  const answer = await by(`${url}/v1/messages/count_tokens?beta=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers },
    body: JSON.stringify(body),
  })
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> }
}

const question = (model = 'm') => ({ model, messages: [{ role: 'user', content: TEXT }] })
const before = (sides: Readonly<Record<string, ChainSide>>, routes: string) =>
  chainWorld(sides, `models: { m: [${routes}] }\n`)

describe.each(SURFACES)('by %s', (_surface, count) => {
  it('passes through where the upstream counts: the bytes, the version, the query', async () => {
    const world = await before({ anthropic: {} }, 'anthropic/m')
    const got = await count(world, question(), { 'anthropic-beta': 'x-1' })
    expect([got.status, got.body]).toEqual([200, { input_tokens: 12 }])
    expect(got.headers.get('x-sparekey-estimate')).toBeNull()
    expect(got.headers.get('x-sparekey-credential')).toBe('key-anthropic')
    expect(world.upstream('anthropic').requests).toMatchObject([
      {
        path: '/v1/messages/count_tokens',
        token: 'key-anthropic',
        body: question(),
        headers: { 'anthropic-beta': 'x-1' },
      },
    ])
    expect(world.events.find(({ type }) => type === 'call_started')).toMatchObject({ wire: 'messages/count_tokens' })
  })

  it('recovers like every call: a dead key is left, the next one counts', async () => {
    const credentials = steps(['bad', INVALID], ['good', { kind: 'answer' }])
    const world = await before({ anthropic: { credentials } }, 'anthropic/m')
    const got = await count(world, question())
    expect([got.body, got.headers.get('x-sparekey-credential')]).toEqual([{ input_tokens: 12 }, 'good'])
  })

  it.each([
    ['an upstream of another protocol', 'openai-codex', 'the first route does not count'],
    ['one that is not known to count', 'deepseek', 'the first route does not count'],
  ])('%s: an estimate that says so and how, and nobody is asked', async (_name, provider, why) => {
    const world = await before({ [provider]: {}, anthropic: {} }, `${provider}/m, anthropic/m`)
    const got = await count(world, question())
    expect(got.status).toBe(200)
    // Ten by a tokenizer, and a few around a turn.
    expect(got.body['input_tokens']).toBeGreaterThanOrEqual(9)
    expect(got.body['input_tokens']).toBeLessThanOrEqual(16)
    expect(got.headers.get('x-sparekey-estimate')).toContain(why)
    expect(got.headers.get('x-sparekey-estimate')).toContain('words, numbers and signs')
    expect([world.hits(provider), world.hits('anthropic')]).toEqual([0, 0])
    expect(world.events.at(-1)).toMatchObject({ type: 'call_ended', outcome: 'answered' })
    expect(world.events.at(-1)).not.toHaveProperty('label')
  })

  it('the configuration may know better than we do', async () => {
    const world = await before({ deepseek: { settings: { countsTokens: true } } }, 'deepseek/m')
    expect((await count(world, question())).body).toEqual({ input_tokens: 12 })
  })

  it.each([
    ['throttled', THROTTLE, 'rate_limit'],
    ['without such a path', { kind: 'error', status: 404, body: {} } satisfies Step, 'unknown'],
    [
      'telling nonsense',
      {
        kind: 'raw',
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: '{"tokens":"many"}',
      } satisfies Step,
      'invalid_response',
    ],
  ])('an upstream %s: an estimate with the reason', async (_name, step, why) => {
    const world = await before({ anthropic: { credentials: steps(['key', step]) } }, 'anthropic/m')
    const got = await count(world, question())
    expect(got.status).toBe(200)
    expect(got.headers.get('x-sparekey-estimate')).toMatch(new RegExp(`^${why}`))
  })

  it('a fault of the request is told and not estimated away', async () => {
    const error = {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'messages: at least one message is required' },
    }
    const credentials = steps(['key', { kind: 'error', status: 400, body: error }])
    const world = await before({ anthropic: { credentials } }, 'anthropic/m')
    expect(await count(world, { model: 'm', messages: [] })).toMatchObject({ status: 400, body: { type: 'error' } })
  })

  it.each([
    [{ model: 'm' }, 400, 'invalid_request_error'],
    [{ messages: [] }, 400, 'invalid_request_error'],
    [{ model: 'nobody', messages: [] }, 404, 'not_found_error'],
  ])('%j is refused in Messages words', async (body, status, type) => {
    const world = await before({ anthropic: {} }, 'anthropic/m')
    expect(await count(world, body)).toMatchObject({ status, body: { error: { type } } })
    expect(world.hits('anthropic')).toBe(0)
  })
})

describe('limits of counting are not those of answers', () => {
  const message = (world: ChainWorld) =>
    fetch(`${world.gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...question(), max_tokens: 64 }),
    })

  it('a throttled count benches no key for answers, and later counts leave it alone', async () => {
    const world = await before({ anthropic: { credentials: steps(['key', THROTTLE]) } }, 'anthropic/m')
    const gateway = SURFACES[0][1]
    await gateway(world, question())
    const asks = world.hits('anthropic')
    expect(asks).toBeGreaterThan(0)
    await gateway(world, question())
    expect(world.hits('anthropic')).toBe(0)
    world.upstream('anthropic').use({ name: 'x', description: '', credentials: { key: {} } })
    expect((await message(world)).status).toBe(200)
  })

  it('a count that was given lifts no bench, and is no trial of one', async () => {
    const spent: Step = {
      kind: 'error',
      status: 400,
      body: {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: 'Your credit balance is too low to access the Anthropic API.',
        },
      },
    }
    const world = await before({ anthropic: { credentials: steps(['key', spent]) } }, 'anthropic/m')
    expect((await message(world)).status).toBe(402)
    const benched = async () => (await world.runtime.store.snapshot()).benches
    const benches = await benched()
    expect(benches).toHaveLength(1)
    world.upstream('anthropic').use({ name: 'x', description: '', credentials: { key: {} } })
    world.hits('anthropic')
    const got = await SURFACES[0][1](world, question())
    expect(got.headers.get('x-sparekey-estimate')).toMatch(/^billing/)
    expect(world.hits('anthropic')).toBe(0)
    expect(await benched()).toEqual(benches)
  })
})

describe('an image and a file', () => {
  it('count as what they are, not as their letters', async () => {
    const world = await before({ 'openai-codex': {} }, 'openai-codex/m')
    const data = 'A'.repeat(400_000)
    const ask = async (part: unknown) => {
      const got = await SURFACES[0][1](world, { model: 'm', messages: [{ role: 'user', content: [part] }] })
      return Number(got.body['input_tokens'])
    }
    const image = await ask({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } })
    const file = await ask({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } })
    expect(image).toBeGreaterThanOrEqual(1_500)
    expect(image).toBeLessThan(1_520)
    expect(file).toBeGreaterThanOrEqual(12_000)
    expect(file).toBeLessThan(12_020)
  })
})

describe('the real Anthropic SDK', () => {
  it.each(['gateway', 'fetch'])('counts by %s', async (surface) => {
    const world = await before({ anthropic: {} }, 'anthropic/m')
    const place = surface === 'gateway' ? { baseURL: world.gateway.url } : { fetch: world.fetch }
    const client = new Anthropic({ apiKey: 'unused', maxRetries: 0, ...place })
    expect(await client.messages.countTokens(question() as Anthropic.MessageCountTokensParams)).toEqual({
      input_tokens: 12,
    })
  })
})
