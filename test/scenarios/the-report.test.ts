import { afterEach, describe, expect, it } from 'vitest'
import { observeException } from '../../src/failure/observe-exception.ts'
import { classify } from '../../src/failure/classify.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import type { StrategyName } from '../../src/pool/strategies.ts'
import type { Scenario, Step } from '../../src/simulator/index.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { ask } from '../support/client.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { startWorld, type World } from '../support/world.ts'

/**
 * NousResearch/hermes-agent #24159: three Codex accounts, the first empty. The backend answers HTTP 200 with `status: "failed"`;
 * the account must be hit once, benched until its reset, and left alone by every later call, process and restart.
 */

const RESETS_IN_SECONDS = 13_872
const QUOTA = {
  type: 'usage_limit_reached',
  message: 'The usage limit has been reached',
  plan_type: 'plus',
  resets_in_seconds: RESETS_IN_SECONDS,
}
const GOOD = 'The answer is 42.'

/** The same fact in every clothing that the backend has been seen in. */
const CLOTHES: Readonly<Record<string, Step>> = {
  'HTTP 200, status failed': { kind: 'failed', error: QUOTA },
  'HTTP 200, a reasoning item first': { kind: 'failed', error: QUOTA, reasoningFirst: true },
  'HTTP 429': { kind: 'error', status: 429, body: { error: QUOTA } },
  'error event alone': {
    kind: 'events',
    events: [
      {
        event: 'response.created',
        data: { type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } },
      },
      { event: 'error', data: { type: 'error', error: QUOTA } },
    ],
  },
}

const worlds: World[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
})

function scenario(first: Step, others: Step = { kind: 'answer' }): Scenario {
  return {
    name: 'report',
    description: '',
    credentials: { 'tok-a': { steps: [first] }, 'tok-b': { steps: [others] }, 'tok-c': { steps: [others] } },
  }
}

async function begin(options: Parameters<typeof startWorld>[0]): Promise<World> {
  const world = await startWorld(options)
  worlds.push(world)
  return world
}

describe.each(['fill_first', 'round_robin'] as const satisfies readonly StrategyName[])(
  'three accounts, %s, the first empty',
  (strategy) => {
    describe.each([false, true])('stream: %s', (stream) => {
      it.each(Object.entries(CLOTHES))('%s', async (_clothing, step) => {
        const world = await begin({ strategy, sides: [{ provider: 'openai-codex', scenario: scenario(step) }] })
        const startedAtMs = systemPlatform.clock.now()

        const first = await ask(world.gateway.url, 'responses', stream)
        expect(first).toMatchObject({ status: 200, ending: 'complete', said: GOOD })
        for (let call = 0; call < 4; call += 1)
          expect(await ask(world.gateway.url, 'responses', stream)).toMatchObject({ ending: 'complete', said: GOOD })

        expect(world.simulators[0]?.hits('tok-a')).toBe(1)
        const { benches } = await world.store.snapshot()
        expect(benches).toHaveLength(1)
        expect(benches[0]).toMatchObject({
          credentialId: 'cred_openai-codex_tok-a',
          scope: '*',
          reason: 'quota_exhausted',
          dead: false,
        })
        const benchedForMs = (benches[0]?.untilMs ?? 0) - startedAtMs
        expect(benchedForMs).toBeGreaterThanOrEqual(RESETS_IN_SECONDS * 1000)
        expect(benchedForMs).toBeLessThan(RESETS_IN_SECONDS * 1000 + 5_000)
      })
    })
  },
)

describe('the verdict is remembered', () => {
  it('by a second process on the same store, and after a restart', async () => {
    const home = temporaryHome()
    const open = () => openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
    const side = { provider: 'openai-codex', scenario: scenario({ kind: 'failed', error: QUOTA }) } as const
    const stores = [await open(), await open()]
    const one = await begin({ sides: [side], ...(stores[0] === undefined ? {} : { store: stores[0] }) })
    const two = await begin({ sides: [side], ...(stores[1] === undefined ? {} : { store: stores[1] }) })
    expect(await ask(one.gateway.url, 'responses', false)).toMatchObject({ ending: 'complete' })
    expect(await ask(two.gateway.url, 'responses', false)).toMatchObject({ ending: 'complete' })
    expect(one.simulators[0]?.hits('tok-a')).toBe(1)
    expect(two.simulators[0]?.hits('tok-a')).toBe(0)
    await Promise.all(worlds.splice(0).map((world) => world.close()))
    for (const store of stores) await store?.close()

    const reopened = await open()
    const three = await begin({ sides: [side], store: reopened })
    expect(await ask(three.gateway.url, 'responses', true)).toMatchObject({ ending: 'complete' })
    expect(three.simulators[0]?.hits('tok-a')).toBe(0)
    await Promise.all(worlds.splice(0).map((world) => world.close()))
    await reopened.close()
  })
})

describe('all accounts empty', () => {
  const empty: Step = { kind: 'failed', error: QUOTA }

  it.each([false, true])('the next route of the chain answers (stream: %s)', async (stream) => {
    const world = await begin({
      sides: [
        { provider: 'openai-codex', scenario: scenario(empty, empty) },
        { provider: 'openai', scenario: { name: 'next', description: '', credentials: { 'key-1': {} } } },
      ],
    })
    const reading = await ask(world.gateway.url, 'responses', stream)
    expect(reading).toMatchObject({ status: 200, ending: 'complete', said: GOOD })
    expect(reading.headers.get('x-sparekey-route')).toBe('openai/gpt-5.5')
    expect(reading.headers.get('x-sparekey-fallback')).toBe('quota_exhausted')
    expect(['tok-a', 'tok-b', 'tok-c'].map((token) => world.simulators[0]?.hits(token))).toEqual([1, 1, 1])
    // Later calls go there at once.
    expect(await ask(world.gateway.url, 'responses', stream)).toMatchObject({ ending: 'complete' })
    expect(world.simulators[0]?.requests).toHaveLength(3)
  })

  it.each([false, true])(
    'without one the client gets a typed 429 with the earliest return (stream: %s)',
    async (stream) => {
      const world = await begin({ sides: [{ provider: 'openai-codex', scenario: scenario(empty, empty) }] })
      for (const path of ['/v1/responses', '/backend-api/codex/responses']) {
        const reading = await ask(world.gateway.url, 'responses', stream, { path })
        expect(reading).toMatchObject({ status: 429, ending: 'error' })
        expect(reading.error).toMatchObject({ type: 'usage_limit_reached' })
        const seconds = Number(reading.headers.get('retry-after'))
        expect(seconds).toBeGreaterThan(RESETS_IN_SECONDS - 5)
        expect(seconds).toBeLessThanOrEqual(RESETS_IN_SECONDS + 1)
        expect(reading.headers.get('x-should-retry')).toBe('false')
        const inSeconds = Number(reading.error?.['resets_in_seconds'])
        expect(Math.abs(inSeconds - seconds)).toBeLessThanOrEqual(1)
      }
      expect(world.simulators[0]?.requests).toHaveLength(3)
    },
  )
})

describe('a refusal for content policy', () => {
  const REFUSALS: Readonly<Record<string, Step>> = {
    'HTTP 200, status failed': {
      kind: 'failed',
      error: {
        code: 'cyber_policy',
        type: 'invalid_request',
        message: 'This content was flagged for possible cybersecurity risk.',
      },
    },
    'HTTP 200 without a code': {
      kind: 'failed',
      error: { message: 'This content was flagged for possible cybersecurity risk.' },
    },
    'HTTP 400': {
      kind: 'error',
      status: 400,
      body: { error: { code: 'content_policy_violation', message: 'Your request was flagged.' } },
    },
  }

  it.each(Object.entries(REFUSALS))('%s rotates nothing and benches nothing', async (_clothing, step) => {
    const world = await begin({ sides: [{ provider: 'openai-codex', scenario: scenario(step, step) }] })
    for (const stream of [false, true]) {
      const reading = await ask(world.gateway.url, 'responses', stream)
      expect(reading).toMatchObject({ status: 400, ending: 'error' })
      expect(reading.headers.get('x-sparekey-error')).toBe('content_policy')
    }
    expect(world.simulators[0]?.requests).toHaveLength(2)
    expect((await world.store.snapshot()).benches).toEqual([])
  })
})

it('the same fact as an exception gets the same label', () => {
  const error = Object.assign(new Error(`429 ${JSON.stringify({ error: QUOTA })}`), {
    name: 'RateLimitError',
    status: 429,
  })
  const failure = classify(
    observeException({ provider: 'openai-codex', api: 'responses', error, seenAtMs: 0 }),
    PROVIDERS['openai-codex']?.rules,
  )
  expect(failure).toMatchObject({ label: 'quota_exhausted', retryAfterMs: RESETS_IN_SECONDS * 1000 })
})
