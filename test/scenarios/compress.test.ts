import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { createSparekey, standardCompression } from '../../src/index.ts'
import { type Simulator, startSimulator, type Step } from '../../src/simulator/index.ts'
import { DEFAULT_POLICY } from '../../src/recovery/policy.ts'
import type { JsonObject } from '../../src/wire/json.ts'
import { MESSAGE_FACTS } from '../../src/wire/compress/message-facts.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { ask, requestBody } from '../support/client.ts'
import { type Happening, told } from '../support/conversations.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { startWorld, type World, type WorldOptions } from '../support/world.ts'

/** Conversations that do not fit: real sockets, both surfaces, every protocol. */

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const WIRES: readonly WireName[] = ['responses', 'chat-completions', 'messages']
const PROVIDERS = { responses: 'openai', 'chat-completions': 'groq', messages: 'anthropic' } as const
const LISTS = { responses: 'input', 'chat-completions': 'messages', messages: 'messages' } as const

const OVERFLOW: Step = {
  kind: 'error',
  status: 400,
  body: {
    type: 'error',
    error: { type: 'invalid_request_error', message: 'prompt is too long: 150000 tokens > 100000 maximum' },
  },
}
/** The same inside a stream that had begun: the Responses API tells it so. */
const OVERFLOW_IN_STREAM: Step = {
  kind: 'failed',
  error: { code: 'context_length_exceeded', message: 'Your input exceeds the context window of this model.' },
}
const ANSWER: Step = { kind: 'answer' }

const read: Happening = { kind: 'work', text: 'reading', results: [{ length: 5_000, when: 'next' }] }
const LONG: readonly Happening[] = [
  { kind: 'user', text: 'fix it' },
  read,
  read,
  read,
  read,
  { kind: 'work', text: 'almost', results: [{ length: 10, when: 'next' }] },
  { kind: 'user', text: 'go on' },
]

function bodyOf(wire: WireName, stream = false): Record<string, unknown> {
  return { ...requestBody(wire, stream), [LISTS[wire]]: told(wire, LONG) }
}

const lengths = (simulator: Simulator | undefined) =>
  (simulator?.requests ?? []).map(({ body }) => JSON.stringify(body).length)

async function before(wire: WireName, steps: readonly Step[], more: Partial<WorldOptions> = {}): Promise<World> {
  const scenario = { name: 'too long', description: '', credentials: { 'tok-a': { steps: [...steps] }, 'tok-b': {} } }
  world = await startWorld({
    sides: [{ provider: PROVIDERS[wire], scenario }],
    compress: standardCompression({ keepSteps: 2 }),
    ...more,
  })
  return world
}

describe.each(WIRES)('a conversation of %s that is too long', (wire) => {
  it.each([
    ['gateway', false],
    ['gateway', true],
    ['fetch', false],
  ] as const)('is made shorter and answered (%s, stream: %s)', async (surface, stream) => {
    const first = wire === 'responses' && stream ? OVERFLOW_IN_STREAM : OVERFLOW
    const { gateway, fetch, simulators, store, events } = await before(wire, [first, ANSWER])
    const options = { body: bodyOf(wire, stream), ...(surface === 'fetch' ? { fetch } : {}) }
    const reading = await ask(gateway.url, wire, stream, options)
    expect(reading).toMatchObject({ status: 200, ending: 'complete', said: 'The answer is 42.' })
    expect(reading.headers.get('x-sparekey-repaired')).toBe('compress')
    const [was = 0, is = 0] = lengths(simulators[0])
    expect(is).toBeLessThan(was * 0.7)
    // Every call still has its answer.
    const sent = simulators[0]?.requests.at(-1)?.body[LISTS[wire]] as readonly JsonObject[]
    const facts = sent.map(MESSAGE_FACTS[wire])
    expect(facts.flatMap(({ calls }) => calls)).toEqual(facts.flatMap(({ results }) => results))
    expect((await store.snapshot()).benches).toEqual([])
    expect(events.find((event) => event.type === 'decided')).toMatchObject({
      action: 'repair',
      reason: expect.stringMatching(/^compress: \d+ -> \d+ characters \(1 of 3\)$/) as string,
    })
  })

  it('is told of when nothing more can go: the same overflow as without compression', async () => {
    const { gateway, simulators } = await before(wire, [OVERFLOW, OVERFLOW, OVERFLOW, OVERFLOW, OVERFLOW])
    const reading = await ask(gateway.url, wire, false, { body: bodyOf(wire) })
    expect(reading).toMatchObject({ status: 400, ending: 'error' })
    expect(reading.headers.get('x-sparekey-error')).toBe('context_overflow')
    // The outputs went at once; the second time there was nothing left to leave out.
    expect(simulators[0]?.requests.length).toBeLessThanOrEqual(4)
    const sizes = lengths(simulators[0])
    for (const [index, size] of sizes.entries())
      if (index > 0) expect(size).toBeLessThan((sizes[index - 1] ?? 0) * 0.95)
  })
})

describe('a conversation that is too long', () => {
  it('is told of at once where nobody offers to make it shorter', async () => {
    const { gateway, simulators } = await before('messages', [OVERFLOW], { compress: undefined })
    const reading = await ask(gateway.url, 'messages', false, { body: bodyOf('messages') })
    expect(reading.text).toContain('prompt is too long')
    expect(simulators[0]?.requests).toHaveLength(1)
  })

  it('is not made shorter where the recovery table has no repair for it', async () => {
    let asked = 0
    const { gateway } = await before('messages', [OVERFLOW], {
      policy: { ...DEFAULT_POLICY, context_overflow: { ...DEFAULT_POLICY.context_overflow, tries: ['surface'] } },
      compress: () => {
        asked += 1
        return Promise.resolve(undefined)
      },
    })
    expect(await ask(gateway.url, 'messages', false, { body: bodyOf('messages') })).toMatchObject({ status: 400 })
    expect(asked).toBe(0)
  })

  it('is told of when whoever should make it shorter is not done by the deadline, and is told to stop', async () => {
    let stopped: (() => void) | undefined
    const stop = new Promise<void>((resolve) => {
      stopped = resolve
    })
    const { gateway, simulators } = await before('messages', [OVERFLOW], {
      limits: { deadlineMs: 300 },
      compress: (_, { signal }) => {
        signal.addEventListener('abort', () => stopped?.())
        return new Promise(() => {})
      },
    })
    expect(await ask(gateway.url, 'messages', false, { body: bodyOf('messages') })).toMatchObject({ status: 400 })
    await stop
    expect(simulators[0]?.requests).toHaveLength(1)
  })

  it('is made shorter three times at most, however well that goes', async () => {
    let rounds = 0
    const { gateway, simulators } = await before(
      'messages',
      Array.from({ length: 9 }, () => OVERFLOW),
      {
        compress: (messages, { round }) => {
          rounds += 1
          expect(round).toBe(rounds)
          return Promise.resolve(messages.slice(1))
        },
      },
    )
    const reading = await ask(gateway.url, 'messages', false, {
      body: {
        ...requestBody('messages', false),
        messages: Array.from({ length: 9 }, () => ({ role: 'user', content: 'x' })),
      },
    })
    expect(reading.headers.get('x-sparekey-error')).toBe('context_overflow')
    expect(rounds).toBe(3)
    expect(simulators[0]?.requests).toHaveLength(4)
  })

  it('goes whole to the next route when that did not help: its window may be larger', async () => {
    const scenario = (steps: readonly Step[]) => ({
      name: 'x',
      description: '',
      credentials: { 'tok-a': { steps: [...steps] } },
    })
    world = await startWorld({
      sides: [
        { provider: 'anthropic', scenario: scenario(Array.from({ length: 5 }, () => OVERFLOW)) },
        { provider: 'bedrock', scenario: scenario([ANSWER]) },
      ],
      compress: standardCompression({ keepSteps: 2 }),
    })
    const reading = await ask(world.gateway.url, 'messages', false, { body: bodyOf('messages') })
    expect(reading).toMatchObject({ status: 200 })
    expect(reading.headers.get('x-sparekey-fallback')).toBe('context_overflow')
    const sent = JSON.stringify(world.simulators[1]?.requests[0]?.body)
    expect(sent.split('o'.repeat(5_000))).toHaveLength(5)
    expect(sent).not.toContain('was left out')
  })

  it('that another account made is never told to the next one, made shorter or not', async () => {
    const empty: Step = {
      kind: 'error',
      status: 429,
      body: {
        error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'You exceeded your current quota' },
      },
    }
    const { gateway, simulators } = await before('responses', [ANSWER, OVERFLOW, empty])
    const headers = { 'x-sparekey-session': 'one' }
    await ask(gateway.url, 'responses', false, { headers })
    expect(await ask(gateway.url, 'responses', false, { headers, body: bodyOf('responses') })).toMatchObject({
      status: 200,
    })
    const [, , shortened, moved] = simulators[0]?.requests ?? []
    expect([shortened?.token, moved?.token]).toEqual(['tok-a', 'tok-b'])
    expect(JSON.stringify(shortened?.body)).toContain('encrypted_content')
    expect(JSON.stringify(moved?.body)).not.toContain('encrypted_content')
    expect(JSON.stringify(moved?.body)).toContain('was left out')
  })
})

const scenario = (token: string, steps: readonly Step[]) => ({
  name: 'x',
  description: '',
  credentials: { [token]: { steps: [...steps] } },
})

/** Six turns that are too long, and a seventh. */
const LONG_TALK = [
  ...Array.from({ length: 6 }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `${index} ${'word '.repeat(300)}`,
  })),
  { role: 'user', content: 'go on' },
]

/** A home with this configuration and a key for each of the simulated providers, closed behind the test. */
async function configured(yaml: string, simulators: Readonly<Record<string, Simulator>>) {
  const home = temporaryHome()
  writeFileSync(join(home, 'config.yaml'), yaml)
  const sparekey = await createSparekey({
    home,
    credentials: Object.keys(simulators).map((provider) => ({ provider, label: provider, secret: `key-${provider}` })),
  })
  onTestFinished(async () => {
    await sparekey.close()
    await Promise.all(Object.values(simulators).map((each) => each.close()))
  })
  const fetch = sparekey.fetch('anthropic')
  return () =>
    ask('http://anything', 'messages', false, {
      body: { ...requestBody('messages', false), messages: LONG_TALK },
      fetch,
    })
}

describe('compression in the configuration', () => {
  it('writes summaries over a route of its own, whose calls are never compressed', async () => {
    const words: Step = { kind: 'answer', text: 'Two files were read.' }
    const small: Step = {
      kind: 'error',
      status: 400,
      body: { error: { type: 'invalid_request_error', code: 'context_length_exceeded', message: 'too long' } },
    }
    const main = await startSimulator({ scenario: scenario('key-anthropic', [OVERFLOW, ANSWER, OVERFLOW]) })
    const aux = await startSimulator({ scenario: scenario('key-aux', [words, small]) })
    const call = await configured(
      `providers:
  anthropic: { baseUrl: "${main.url}/v1" }
  aux: { type: openai-compatible, wire: chat-completions, baseUrl: "${aux.url}/v1" }
compression: { summaryRoute: aux/small, keepSteps: 1 }
`,
      { anthropic: main, aux },
    )
    const answer = await call()
    expect(answer).toMatchObject({ status: 200, said: 'The answer is 42.' })
    expect(aux.requests).toHaveLength(1)
    expect(aux.requests[0]?.body).toMatchObject({ model: 'small' })
    expect(main.requests.at(-1)?.body['messages']).toEqual([
      LONG_TALK[0],
      { role: 'user', content: expect.stringContaining('Two files were read.') as string },
      LONG_TALK[6],
    ])
    // A summary that does not fit either is no summary: the overflow is told.
    expect(await call()).toMatchObject({ status: 400 })
    expect(aux.requests).toHaveLength(2)
  })

  it('never sends what was said to a fallback that was not named for summaries', async () => {
    const empty: Step = {
      kind: 'error',
      status: 429,
      body: {
        error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'You exceeded your current quota' },
      },
    }
    const main = await startSimulator({ scenario: scenario('key-anthropic', [OVERFLOW, ANSWER]) })
    const aux = await startSimulator({ scenario: scenario('key-aux', [empty]) })
    const other = await startSimulator({ scenario: scenario('key-other', [ANSWER]) })
    const call = await configured(
      `providers:
  anthropic: { baseUrl: "${main.url}/v1" }
  aux: { type: openai-compatible, wire: chat-completions, baseUrl: "${aux.url}/v1" }
  other: { type: openai-compatible, wire: chat-completions, baseUrl: "${other.url}/v1" }
models: { claude-sonnet-5: [anthropic/claude-sonnet-5] }
fallback: [other/any]
compression: { summaryRoute: aux/small, keepSteps: 1 }
`,
      { anthropic: main, aux, other },
    )
    await call()
    expect(aux.requests).toHaveLength(1)
    const sent = JSON.stringify(other.requests.map(({ body }) => body))
    expect(sent).not.toContain('summar')
  })

  it('asks a function of the program that uses the library', async () => {
    const main = await startSimulator({
      scenario: { name: 'x', description: '', credentials: { key: { steps: [OVERFLOW, ANSWER] } } },
    })
    const sparekey = await createSparekey({
      store: 'memory',
      providers: { anthropic: { baseUrl: `${main.url}/v1` } },
      credentials: [{ provider: 'anthropic', label: 'main', secret: 'key' }],
      compress: (messages) => Promise.resolve(messages.slice(-1)),
    })
    onTestFinished(async () => {
      await sparekey.close()
      await main.close()
    })
    const body = bodyOf('messages')
    const answer = await ask('http://anything', 'messages', false, { body, fetch: sparekey.fetch('anthropic') })
    expect(answer).toMatchObject({ status: 200 })
    expect(main.requests.at(-1)?.body['messages']).toEqual((body['messages'] as readonly unknown[]).slice(-1))
  })
})
