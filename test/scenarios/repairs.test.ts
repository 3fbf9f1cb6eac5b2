import { afterEach, describe, expect, it } from 'vitest'
import { CallStory } from '../../src/telemetry/call-story.ts'
import type { Step } from '../../src/simulator/index.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { ask, requestBody } from '../support/client.ts'
import { startWorld, type World, type WorldOptions } from '../support/world.ts'

/** Refused requests that are mended: real sockets, both surfaces, every protocol. */

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const PROVIDERS = { responses: 'openai', 'chat-completions': 'groq', messages: 'anthropic' } as const
const WIRES = Object.keys(PROVIDERS) as readonly WireName[]

function refusal(message: string, more: Readonly<Record<string, unknown>> = {}, status = 400): Step {
  return { kind: 'error', status, body: { type: 'error', error: { type: 'invalid_request_error', message, ...more } } }
}

function bodyOf(wire: WireName, more: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...requestBody(wire, false), ...more }
}

async function before(wire: WireName, steps: readonly Step[], more: Partial<WorldOptions> = {}): Promise<World> {
  const scenario = { name: 'refused', description: '', credentials: { 'tok-a': { steps: [...steps] }, 'tok-b': {} } }
  world = await startWorld({ sides: [{ provider: PROVIDERS[wire], scenario }], ...more })
  return world
}

const PNG = 'iVBORw0KGgo'
const IMAGES: Readonly<Record<WireName, Readonly<Record<string, unknown>>>> = {
  responses: {
    input: [{ role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${PNG}` }] }],
  },
  'chat-completions': {
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }] }],
  },
  messages: {
    messages: [
      { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }] },
    ],
  },
}
const LIMITS = { responses: 'max_output_tokens', 'chat-completions': 'max_completion_tokens', messages: 'max_tokens' }
const TOOLS: Readonly<Record<WireName, unknown>> = {
  responses: [
    { type: 'function', name: 'f', strict: true, parameters: { type: 'object', additionalProperties: false } },
  ],
  'chat-completions': [{ type: 'function', function: { name: 'f', parameters: { type: 'object', format: 'x' } } }],
  messages: [{ name: 'f', input_schema: { type: 'object', $schema: 'x' } }],
}

interface Case {
  readonly name: string
  readonly step: Step
  readonly body: Readonly<Record<string, unknown>>
  /** Must be gone from what is sent then. */
  readonly gone: string
}

function casesOf(wire: WireName): readonly Case[] {
  const limit = LIMITS[wire]
  return [
    {
      name: 'unsupported_parameter',
      step: refusal("Unsupported parameter: 'temperature' is not supported with this model.", {
        code: 'unsupported_parameter',
        param: 'temperature',
      }),
      body: { temperature: 0.25 },
      gone: '"temperature"',
    },
    {
      name: 'output_limit',
      step: refusal(
        `Invalid '${limit}': max_tokens is too large: 70001. This model supports at most 4096 output tokens.`,
      ),
      body: { [limit]: 70001 },
      gone: '70001',
    },
    { name: 'image', step: refusal('Could not process image'), body: IMAGES[wire], gone: PNG },
    {
      name: 'tool_schema',
      step: refusal("Invalid schema for function 'f'", { code: 'invalid_function_parameters' }),
      body: { tools: TOOLS[wire] },
      gone: wire === 'messages' ? '"$schema"' : wire === 'responses' ? '"additionalProperties"' : '"format"',
    },
  ]
}

const CASES = WIRES.flatMap((wire) => casesOf(wire).map((each) => ({ wire, ...each })))

describe.each(CASES)('$name on $wire', ({ wire, name, step, body, gone }) => {
  it.each(['gateway', 'fetch'] as const)('is made, told and held against nobody (%s)', async (surface) => {
    const { gateway, fetch, simulators, store, events } = await before(wire, [step, { kind: 'answer' }])
    const options = { body: bodyOf(wire, body), ...(surface === 'fetch' ? { fetch } : {}) }
    const reading = await ask(gateway.url, wire, false, options)
    expect(reading).toMatchObject({ status: 200, ending: 'complete', said: 'The answer is 42.' })
    expect(reading.headers.get('x-sparekey-repaired')).toBe(name)
    expect(reading.headers.get('x-sparekey-attempts')).toBe('2')
    const [first, second] = simulators[0]?.requests ?? []
    expect(JSON.stringify(first?.body)).toContain(gone)
    expect(JSON.stringify(second?.body)).not.toContain(gone)
    // The same account answers: nothing was wrong with it, and no other one was bothered.
    expect(second?.token).toBe('tok-a')
    expect((await store.snapshot()).benches).toEqual([])
    const ended = events.find((event) => event.type === 'call_ended')
    expect(ended).toMatchObject({ outcome: 'answered', repairs: [name] })
    const decided = events.find((event) => event.type === 'decided')
    expect(decided).toMatchObject({ action: 'repair', reason: expect.stringMatching(`^${name}: `) as string })
  })

  it('is made once: a provider that refuses again is told about, and nothing loops', async () => {
    const { gateway, simulators, store } = await before(wire, [step, step, step, step])
    const reading = await ask(gateway.url, wire, false, { body: bodyOf(wire, body) })
    expect(reading).toMatchObject({ status: 400, ending: 'error' })
    expect(reading.headers.get('x-sparekey-repaired')).toBe(name)
    expect(simulators[0]?.requests).toHaveLength(2)
    expect((await store.snapshot()).benches).toEqual([])
  })

  it('is not made when it is switched off', async () => {
    const { gateway, simulators } = await before(wire, [step], { repairsOff: [name] })
    const reading = await ask(gateway.url, wire, false, { body: bodyOf(wire, body) })
    expect(reading).toMatchObject({ status: 400, ending: 'error' })
    expect(reading.headers.get('x-sparekey-repaired')).toBeNull()
    expect(simulators[0]?.requests).toHaveLength(1)
  })
})

describe('a refused request', () => {
  it('is mended in the words of a provider of another protocol', async () => {
    const said = 'max_tokens: 70000 > 64000, which is the maximum allowed number of output tokens for claude-x'
    const { gateway, simulators } = await before('messages', [refusal(said), { kind: 'answer' }])
    const body = bodyOf('responses', { max_output_tokens: 70_000 })
    const reading = await ask(gateway.url, 'responses', false, { body })
    expect(reading).toMatchObject({ status: 200, said: 'The answer is 42.' })
    expect(simulators[0]?.requests.map((seen) => seen.body['max_tokens'])).toEqual([70_000, 64_000])
  })

  it('is mended as often as there is something else to mend', async () => {
    const steps = casesOf('messages')
    const { gateway, simulators, events } = await before('messages', [
      ...steps.map(({ step }) => step),
      { kind: 'answer' },
    ])
    const body = Object.assign({}, ...steps.map((each) => each.body)) as Record<string, unknown>
    const reading = await ask(gateway.url, 'messages', true, { body: bodyOf('messages', { ...body, stream: true }) })
    expect(reading).toMatchObject({ status: 200, ending: 'complete' })
    const names = steps.map(({ name }) => name)
    expect(reading.headers.get('x-sparekey-repaired')).toBe(names.join(', '))
    expect(simulators[0]?.requests).toHaveLength(5)
    // The record of the call tells it, too.
    const [started, ...rest] = events
    if (started?.type !== 'call_started') throw new Error('the call has not begun')
    const story = new CallStory(started)
    for (const event of rest) story.take(event)
    const record = story.record((text) => text)
    expect(record.repairs).toEqual(names)
    expect(record.decisions.map(({ action }) => action)).toEqual(['repair', 'repair', 'repair', 'repair'])
  })

  it('loses the refused feature of its beta header, and keeps the others', async () => {
    const said = 'Unexpected value(s) `bad-2025-02-02` for the `anthropic-beta` header.'
    const { gateway, simulators } = await before('messages', [refusal(said), { kind: 'answer' }])
    const headers = { 'anthropic-beta': 'good-2025-01-01,bad-2025-02-02' }
    const reading = await ask(gateway.url, 'messages', false, { headers })
    expect(reading.headers.get('x-sparekey-repaired')).toBe('beta_header')
    expect(simulators[0]?.requests.map((seen) => seen.headers['anthropic-beta'])).toEqual([
      'good-2025-01-01,bad-2025-02-02',
      'good-2025-01-01',
    ])
  })

  it('has its turns put in order', async () => {
    const said = 'Conversation roles must alternate user/assistant/user/assistant/...'
    const { gateway, simulators } = await before('chat-completions', [refusal(said), { kind: 'answer' }])
    const messages = ['one', 'two'].map((content) => ({ role: 'user', content }))
    const reading = await ask(gateway.url, 'chat-completions', false, {
      body: bodyOf('chat-completions', { messages }),
    })
    expect(reading.headers.get('x-sparekey-repaired')).toBe('roles')
    expect(simulators[0]?.requests.at(-1)?.body['messages']).toEqual([{ role: 'user', content: 'one\n\ntwo' }])
  })

  it('is mended on the account that the call moves to, as well', async () => {
    const empty: Step = refusal(
      'You exceeded your current quota',
      { type: 'insufficient_quota', code: 'insufficient_quota' },
      429,
    )
    const [refused] = casesOf('responses')
    if (refused === undefined) throw new Error('no case')
    const { gateway, simulators } = await before('responses', [refused.step, empty])
    const reading = await ask(gateway.url, 'responses', false, { body: bodyOf('responses', refused.body) })
    expect(reading).toMatchObject({ status: 200 })
    expect(simulators[0]?.requests.map(({ token, body }) => [token, body['temperature']])).toEqual([
      ['tok-a', 0.25],
      ['tok-a', undefined],
      ['tok-b', undefined],
    ])
  })
})
