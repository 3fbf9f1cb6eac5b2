import { afterEach, describe, expect, it } from 'vitest'
import { CONFIG_DEFAULTS } from '../../src/config/config.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import type { Scenario, Step } from '../../src/simulator/index.ts'
import { ask, requestBody } from '../support/client.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { startWorld, type World, type WorldOptions } from '../support/world.ts'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  expect(world?.troubles ?? []).toEqual([])
  world = undefined
})

const ANSWER: Step = { kind: 'answer' }
const SEALED: Step = { kind: 'answer', reasoningFirst: true }
const CALLS: Step = {
  kind: 'answer',
  reasoningFirst: true,
  toolCall: { name: 'weather', arguments: '{"city":"Oslo"}' },
}
const refusal = (status: number, code: string, message: string): Step => ({
  kind: 'error',
  status,
  body: { error: { type: code, code, message } },
})
const EMPTY = refusal(429, 'insufficient_quota', 'You exceeded your current quota')
const UNKNOWN = refusal(400, 'previous_response_not_found', "Previous response with id 'resp_1' not found.")
const TOOLS = [{ type: 'function', name: 'weather', parameters: { type: 'object', properties: {} } }]

type Json = Readonly<Record<string, unknown>>
const scenario = (credentials: Scenario['credentials']): Scenario => ({ name: 'x', description: '', credentials })
const side = (provider: string, credentials: Scenario['credentials']) => ({ provider, scenario: scenario(credentials) })

async function begin(sides: WorldOptions['sides'], more: Partial<WorldOptions> | 'off' = {}) {
  world = await startWorld(more === 'off' ? { sides } : { sides, history: {}, ...more })
  return world
}

/** A client that sends only what is new. */
function client(url: string, { stream = false, headers = {} as Record<string, string>, body: more = {} as Json } = {}) {
  let last: string | undefined
  let lastCall: string | undefined
  const send = async (input: unknown, given: Json = {}) => {
    const body = {
      ...requestBody('responses', stream),
      tools: TOOLS,
      ...more,
      input,
      ...(last === undefined ? {} : { previous_response_id: last }),
      ...given,
    }
    const answer = await ask(url, 'responses', stream, { body, headers })
    await world?.history?.flush()
    const response = responseOf(answer.text)
    if (answer.ending === 'complete') last = String(response?.['id'])
    const output = (response?.['output'] ?? []) as readonly Json[]
    lastCall = output.find(({ type }) => type === 'function_call')?.['call_id'] as string | undefined
    return answer
  }
  return {
    send,
    sendResult: (output: string) => send([{ type: 'function_call_output', call_id: lastCall, output }]),
    last: () => last,
  }
}

/** The response that a body or the terminal event of a stream tells. */
function responseOf(text: string): Json | undefined {
  if (!text.startsWith('event:') && !text.startsWith('data:')) return JSON.parse(text) as Json
  const end = /^data: (\{"type":"response\.completed".*)$/m.exec(text)?.[1]
  return end === undefined ? undefined : ((JSON.parse(end) as Json)['response'] as Json)
}

const bodiesSeen = (of: World, token: string, at = 0) =>
  (of.simulators[at]?.requests ?? []).filter((request) => request.token === token).map(({ body }) => body)
const inputOf = (body: Json | undefined) => (body?.['input'] ?? []) as readonly Json[]
const kinds = (items: readonly Json[]) => items.map((item) => item['type'] ?? item['role'])

describe('a client that goes on by previous_response_id when its account is gone', () => {
  it.each([
    ['gathered', false],
    ['streamed', true],
  ])('is answered by another account, which is told the whole conversation (%s)', async (_name, stream) => {
    const owner = { steps: [CALLS, SEALED, EMPTY] }
    const { gateway, simulators, events } = await begin([
      side('openai', { 'tok-a': owner, 'tok-b': { steps: [SEALED] } }),
    ])
    const talk = client(gateway.url, { stream })
    await talk.send('how is the weather in Oslo?')
    await talk.sendResult('it rains')
    const third = await talk.send([{ role: 'user', content: 'and tomorrow?' }])
    expect(third).toMatchObject({ status: 200, ending: 'complete' })
    expect(third.headers.get('x-sparekey-credential')).toBe('tok-b')
    expect(third.headers.get('x-sparekey-replayed')).toBe('2')
    const [told] = bodiesSeen(world as World, 'tok-b')
    expect(told).not.toHaveProperty('previous_response_id')
    expect(told?.['tools']).toEqual(TOOLS)
    const input = inputOf(told)
    // What tok-a encrypted is for tok-a alone.
    expect(kinds(input)).toEqual(['message', 'function_call', 'function_call_output', 'message', 'user'])
    expect(JSON.stringify(told)).not.toContain('gAAAA')
    expect(input[0]).toMatchObject({ role: 'user', content: [{ text: 'how is the weather in Oslo?' }] })
    expect(input[1]).toEqual({
      type: 'function_call',
      call_id: input[2]?.['call_id'],
      name: 'weather',
      arguments: '{"city":"Oslo"}',
    })
    expect(input[2]).toMatchObject({ output: 'it rains' })
    expect(input[3]).toMatchObject({ role: 'assistant', content: [{ text: 'The answer is 42.' }] })
    expect(input[4]).toEqual({ role: 'user', content: 'and tomorrow?' })
    expect(third.headers.get('x-sparekey-dropped')).toContain('input.reasoning.encrypted_content')
    // Until then the owner was asked as ever.
    expect(bodiesSeen(world as World, 'tok-a').map(({ previous_response_id: id, input }) => [id, input])).toEqual([
      [undefined, 'how is the weather in Oslo?'],
      ['resp_000001', [expect.objectContaining({ type: 'function_call_output' })]],
      ['resp_000002', [{ role: 'user', content: 'and tomorrow?' }]],
    ])
    const ended = events.filter(({ type }) => type === 'call_ended')
    expect(ended.map((event) => 'replayed' in event && event.replayed)).toEqual([false, false, 2])
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'decided', action: 'replay', reason: expect.stringContaining('2 responses') }),
    )
    // The new account has the conversation now: from here on only what is new is sent.
    const fourth = await talk.send('thanks')
    expect(fourth).toMatchObject({ status: 200, ending: 'complete' })
    expect(fourth.headers.get('x-sparekey-replayed')).toBeNull()
    expect(bodiesSeen(world as World, 'tok-b')[1]).toMatchObject({ input: 'thanks' })
    expect(simulators[0]?.hits('tok-a')).toBe(3)
  })

  it.each([
    ['Messages', 'anthropic', false],
    ['Messages', 'anthropic', true],
    ['Chat Completions', 'mistral', false],
    ['Chat Completions', 'mistral', true],
  ])(
    'falls back onto a route that speaks only %s (%s, streamed: %s), and stays there',
    async (_name, provider, stream) => {
      const { gateway } = await begin([
        side('openai', { 'tok-a': { steps: [CALLS, EMPTY] } }),
        side(provider, { 'key-1': { steps: [{ kind: 'answer', text: 'rain again' }, ANSWER] } }),
      ])
      const talk = client(gateway.url, { stream })
      await talk.send('how is the weather in Oslo?')
      const second = await talk.sendResult('it rains')
      expect(second).toMatchObject({ status: 200, ending: 'complete', said: 'rain again' })
      expect(second.headers.get('x-sparekey-replayed')).toBe('1')
      expect(second.headers.get('x-sparekey-fallback')).toBe('billing')
      // Its id is ours, and like no other: some providers count theirs from 1.
      expect(talk.last()).toBe(second.headers.get('x-sparekey-call')?.replace('call_', 'resp_'))
      const third = await talk.send('and tomorrow?')
      // Nobody upstream has a translated answer: it is told whole again.
      expect(third).toMatchObject({ status: 200, ending: 'complete' })
      expect(third.headers.get('x-sparekey-replayed')).toBe('2')
      const told = bodiesSeen(world as World, 'key-1', 1).map(({ messages }) => messages as readonly Json[])
      expect(told.map((messages) => messages.map(({ role }) => role))).toEqual(
        provider === 'anthropic'
          ? [
              ['user', 'assistant', 'user'],
              ['user', 'assistant', 'user', 'assistant', 'user'],
            ]
          : [
              ['user', 'assistant', 'tool'],
              ['user', 'assistant', 'tool', 'assistant', 'user'],
            ],
      )
      for (const part of ['how is the weather in Oslo?', 'Oslo', 'it rains', 'rain again', 'and tomorrow?'])
        expect(JSON.stringify(told[1])).toContain(part)
      expect(JSON.stringify(told)).not.toContain('gAAAA')
    },
  )

  it('goes back to an account with what that account encrypted, and with nothing of the other', async () => {
    const { gateway, pool, store } = await begin([
      side('openai', { 'tok-a': { steps: [SEALED, EMPTY, ANSWER] }, 'tok-b': { steps: [SEALED, EMPTY] } }),
    ])
    const talk = client(gateway.url)
    await talk.send('one')
    expect((await talk.send('two')).headers.get('x-sparekey-credential')).toBe('tok-b')
    const nowMs = systemPlatform.clock.now()
    for (const { credential } of await pool.describe()) {
      if (credential.label === 'tok-a') await store.resetCredential(credential.id, nowMs)
    }
    const third = await talk.send('three')
    expect(third.headers.get('x-sparekey-credential')).toBe('tok-a')
    const [, , told] = bodiesSeen(world as World, 'tok-a')
    expect(kinds(inputOf(told))).toEqual(['message', 'reasoning', 'message', 'message', 'message', 'message'])
    expect(inputOf(told).flatMap((item) => item['encrypted_content'] ?? [])).toEqual(['gAAAAsimulated000001'])
  })

  it('knows after a restart, too, who encrypted what', async () => {
    const store = await openStore({ kind: 'memory' }, systemPlatform)
    const credentials = { 'tok-a': { steps: [SEALED, EMPTY] }, 'tok-b': { steps: [SEALED] } }
    const before = await begin([side('openai', credentials)], { store })
    const talk = client(before.gateway.url)
    await talk.send('one')
    await talk.send('two')
    await before.close()
    for (const { id, label } of (await store.snapshot()).credentials)
      if (label === 'tok-a') await store.resetCredential(id, systemPlatform.clock.now())
    const after = await begin([side('openai', { 'tok-a': {}, 'tok-b': { steps: [EMPTY] } })], { store })
    const third = await client(after.gateway.url).send('three', { previous_response_id: talk.last() })
    expect(third.headers.get('x-sparekey-credential')).toBe('tok-a')
    const [told] = bodiesSeen(after, 'tok-a')
    expect(inputOf(told).flatMap((item) => item['encrypted_content'] ?? [])).toEqual(['gAAAAsimulated000001'])
  })

  it('goes past a route for which the whole conversation is too long', async () => {
    const narrow = { ...side('anthropic', { 'key-1': {} }), capabilities: { contextTokens: 50 } }
    const { gateway, simulators } = await begin([
      side('openai', { 'tok-a': { steps: [ANSWER, EMPTY] } }),
      narrow,
      side('mistral', { 'key-2': {} }),
    ])
    const talk = client(gateway.url, { body: { tools: [] } })
    await talk.send('a long story '.repeat(100))
    const second = await talk.send('two')
    expect(second).toMatchObject({ status: 200, ending: 'complete' })
    expect(second.headers.get('x-sparekey-route')).toBe('mistral/gpt-5.5')
    expect(second.headers.get('x-sparekey-fallback')).toBe('incapable')
    expect(simulators[1]?.requests).toEqual([])
  })

  it('goes on when its account was removed', async () => {
    const { gateway, store } = await begin([side('openai', { 'tok-a': {}, 'tok-b': {} })])
    const talk = client(gateway.url)
    await talk.send('one')
    await store.removeCredential('cred_openai_tok-a')
    const second = await talk.send('two')
    expect(second.headers.get('x-sparekey-replayed')).toBe('1')
    expect(inputOf(bodiesSeen(world as World, 'tok-b')[0])).toHaveLength(3)
  })

  it('is told whole to a provider that keeps no answers, each time', async () => {
    const { gateway } = await begin([side('openai-codex', { 'tok-a': { steps: [SEALED] } })])
    const talk = client(gateway.url)
    await talk.send('one')
    await talk.send('two')
    const third = await talk.send('three')
    expect(third.headers.get('x-sparekey-replayed')).toBe('2')
    expect(third.headers.get('x-sparekey-dropped')).toBeNull()
    // What it encrypted itself it gets back.
    expect(bodiesSeen(world as World, 'tok-a').map((body) => kinds(inputOf(body)))).toEqual([
      ['message'],
      ['message', 'reasoning', 'message', 'message'],
      ['message', 'reasoning', 'message', 'message', 'reasoning', 'message', 'message'],
    ])
  })

  it('does not wait for a bench to end where another route can serve', async () => {
    const short: Step = {
      kind: 'error',
      status: 429,
      headers: { 'retry-after': '3600' },
      body: { error: { type: 'usage_limit_reached', code: 'usage_limit_reached', message: 'limit' } },
    }
    const { gateway } = await begin([
      side('openai', { 'tok-a': { steps: [ANSWER, short] } }),
      side('anthropic', { 'key-1': {} }),
    ])
    const talk = client(gateway.url)
    await talk.send('one')
    expect(await talk.send('two')).toMatchObject({ status: 200 })
    // Nobody is asked in vain now.
    const third = await talk.send('three')
    expect(third.headers.get('x-sparekey-attempts')).toBe('1')
    expect(third.headers.get('x-sparekey-replayed')).toBe('2')
  })

  it('leaves out what the provider did by itself, and says so', async () => {
    const output = [
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'x' } },
      { type: 'reasoning', id: 'rs_1', summary: [] },
      {
        type: 'message',
        id: 'msg_1',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'found' }],
      },
    ]
    const body = { id: 'resp_searched', object: 'response', status: 'completed', output }
    const searched: Step = {
      kind: 'raw',
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }
    const { gateway } = await begin([side('openai', { 'tok-a': { steps: [searched, EMPTY] }, 'tok-b': {} })])
    const talk = client(gateway.url)
    await talk.send('one')
    const second = await talk.send('two')
    expect(second.headers.get('x-sparekey-dropped')).toBe('input.web_search_call, input.reasoning')
    expect(inputOf(bodiesSeen(world as World, 'tok-b')[0])).toEqual([
      expect.objectContaining({ role: 'user' }),
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'found' }] },
      expect.objectContaining({ role: 'user' }),
    ])
  })
})

describe('an owner that does not have the answer any more', () => {
  const sides = [side('openai', { 'tok-a': { steps: [ANSWER, UNKNOWN, ANSWER] } })]

  it('is told the whole conversation once, as a repair', async () => {
    const { gateway, store } = await begin(sides)
    const talk = client(gateway.url)
    await talk.send('one')
    const second = await talk.send('two')
    expect(second).toMatchObject({ status: 200, ending: 'complete' })
    expect(second.headers.get('x-sparekey-repaired')).toBe('previous_response')
    expect(second.headers.get('x-sparekey-replayed')).toBe('1')
    expect(
      bodiesSeen(world as World, 'tok-a').map((body) => [body['previous_response_id'], inputOf(body).length]),
    ).toEqual([
      [undefined, 3],
      ['resp_000001', 3],
      [undefined, 3],
    ])
    expect((await store.snapshot()).benches).toEqual([])
  })

  it('is not, where that repair is switched off', async () => {
    const { gateway } = await begin(sides, { repairsOff: ['previous_response'] })
    const talk = client(gateway.url)
    await talk.send('one')
    expect(await talk.send('two')).toMatchObject({ status: 400, error: { code: 'previous_response_not_found' } })
  })

  it('moves on with the whole conversation when it fails then', async () => {
    const { gateway } = await begin([
      side('openai', { 'tok-a': { steps: [SEALED, UNKNOWN, EMPTY] }, 'tok-b': {} }),
      side('anthropic', { 'key-1': {} }),
    ])
    const talk = client(gateway.url)
    await talk.send('one')
    const second = await talk.send('two')
    expect(second.headers.get('x-sparekey-credential')).toBe('tok-b')
    const [told] = bodiesSeen(world as World, 'tok-b')
    expect(kinds(inputOf(told))).toEqual(['message', 'message', 'message'])
    expect(told).not.toHaveProperty('previous_response_id')
  })
})

describe('a client that sends its whole conversation beside the reference', () => {
  it('is not told twice what it said, now or later', async () => {
    const { gateway } = await begin([
      side('openai', { 'tok-a': { steps: [ANSWER, EMPTY] }, 'tok-b': { steps: [ANSWER, EMPTY] }, 'tok-c': {} }),
    ])
    const talk = client(gateway.url)
    await talk.send('one')
    const moved = await talk.send([
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'The answer is 42.' },
      { role: 'user', content: 'two' },
    ])
    expect(moved.headers.get('x-sparekey-replayed')).toBeNull()
    expect(moved.headers.get('x-sparekey-dropped')).toContain('previous_response_id')
    const third = await talk.send('three')
    expect(third.headers.get('x-sparekey-replayed')).toBe('1')
    expect(kinds(inputOf(bodiesSeen(world as World, 'tok-c')[0]))).toEqual([
      'user',
      'assistant',
      'user',
      'message',
      'message',
    ])
  })
})

describe('what is as it is without history', () => {
  const gone = [side('openai', { 'tok-a': { steps: [ANSWER, EMPTY] }, 'tok-b': {} })]
  const lost = { status: 400, error: { code: 'previous_response_not_found' } }

  it('a call of another client', async () => {
    const { gateway } = await begin(gone, { clientKeys: ['key-of-one', 'key-of-two'] })
    const one = client(gateway.url, { headers: { authorization: 'Bearer key-of-one' } })
    await one.send('the secret of one')
    const two = client(gateway.url, { headers: { authorization: 'Bearer key-of-two' } })
    expect(await two.send('go on', { previous_response_id: one.last() })).toMatchObject(lost)
    expect(world?.simulators[0]?.hits('tok-b')).toBe(0)
    // Its own client is given it.
    expect(await one.send('go on')).toMatchObject({ status: 200 })
  })

  it.each<[string, Json, Partial<WorldOptions> | 'off']>([
    ['of a conversation that the provider keeps', { conversation: 'conv_1' }, {}],
    ['whose input only the provider can look up', { input: [{ type: 'item_reference', id: 'msg_1' }] }, {}],
    ['that is too long', {}, { history: { maxBytes: 300 } }],
    ['where nothing is kept', {}, 'off'],
  ])('an answer %s', async (_name, given, more) => {
    const { gateway, simulators } = await begin(gone, more)
    const talk = client(gateway.url)
    await talk.send('one', given)
    expect(await talk.send('two')).toMatchObject(lost)
    expect(simulators[0]?.hits('tok-b')).toBe(0)
  })

  it('an answer that is not to be stored', async () => {
    const { gateway } = await begin(gone)
    const talk = client(gateway.url)
    await talk.send('one', { store: false })
    const second = await talk.send('two')
    expect(second.headers.get('x-sparekey-replayed')).toBeNull()
    // As ever: nobody here knows who made it.
    expect(bodiesSeen(world as World, 'tok-b')).toMatchObject([{ input: 'two', previous_response_id: 'resp_000001' }])
  })

  it('an answer that has become too old', async () => {
    const { gateway, store } = await begin(gone)
    const talk = client(gateway.url)
    await talk.send('one')
    const kept = await store.openHistory()
    await kept.prune(CONFIG_DEFAULTS.history, systemPlatform.clock.now() + CONFIG_DEFAULTS.history.keepMs + 600_001)
    expect(await talk.send('two')).toMatchObject(lost)
  })

  it('a conversation that cannot be read, also where no route could be told of its answer', async () => {
    const { gateway, store, simulators } = await begin([side('anthropic', { 'key-1': {} })])
    const talk = client(gateway.url)
    await talk.send('one')
    const kept = await store.openHistory()
    kept.conversation = () => Promise.resolve(undefined)
    expect(await talk.send('two')).toMatchObject(lost)
    expect(simulators[0]?.requests).toHaveLength(1)
  })

  it('an answer that broke off', async () => {
    const cut: Step = { kind: 'cut', at: 'after_output' }
    const { gateway, simulators } = await begin([side('openai', { 'tok-a': { steps: [cut, EMPTY] }, 'tok-b': {} })])
    const talk = client(gateway.url, { stream: true })
    expect((await talk.send('one')).ending).toBe('error')
    expect(await talk.send('two', { previous_response_id: 'resp_000001' })).toMatchObject({ ending: 'error' })
    expect(
      simulators[0]?.requests.every(({ body }) => !JSON.stringify(body).includes('one"') || body['input'] === 'one'),
    ).toBe(true)
  })

  it('a conversation whose earlier answer nobody kept', async () => {
    const { gateway } = await begin([side('openai', { 'tok-a': { steps: [ANSWER, ANSWER, EMPTY] }, 'tok-b': {} })])
    const talk = client(gateway.url)
    await talk.send('one', { store: false })
    await talk.send('two')
    expect(await talk.send('three')).toMatchObject(lost)
  })

  it('an id that two answers had', async () => {
    const said = { id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] }
    const twice: Step = {
      kind: 'raw',
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'resp_same', object: 'response', status: 'completed', output: [said] }),
    }
    const { gateway } = await begin([side('openai', { 'tok-a': { steps: [twice, twice, EMPTY] }, 'tok-b': {} })])
    await client(gateway.url).send('the one')
    const talk = client(gateway.url)
    await talk.send('the other')
    expect(await talk.send('go on')).toMatchObject(lost)
  })

  it('a call whose owner can answer: byte for byte', async () => {
    const { gateway } = await begin([side('openai', { 'tok-a': {}, 'tok-b': {} })])
    const talk = client(gateway.url)
    await talk.send('one')
    const text = `{ "input":"two",  "previous_response_id" : ${JSON.stringify(talk.last())}, "model":"gpt-5.5"}`
    const answer = await fetch(`${gateway.url}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: text,
    })
    expect(answer.headers.get('x-sparekey-credential')).toBe('tok-a')
    expect(answer.headers.get('x-sparekey-replayed')).toBeNull()
    await answer.arrayBuffer()
    expect(world?.simulators[0]?.requests[1]?.headers['content-length']).toBe(String(text.length))
  })
})
