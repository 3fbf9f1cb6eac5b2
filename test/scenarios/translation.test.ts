import Anthropic from '@anthropic-ai/sdk'
import OpenAi from 'openai-v7'
import { afterEach, describe, expect, it } from 'vitest'
import type { Step } from '../../src/simulator/index.ts'
import { ask, requestBody } from '../support/client.ts'
import { startWorld, type World } from '../support/world.ts'

/** A caller of one protocol before a provider of another: real sockets, real SDKs. */

const PROVIDERS = { responses: 'openai-codex', 'chat-completions': 'gemini', messages: 'anthropic' } as const
type Wire = keyof typeof PROVIDERS
const WIRES = Object.keys(PROVIDERS) as Wire[]
const DIRECTIONS = WIRES.flatMap((from) => WIRES.filter((to) => to !== from).map((to) => [from, to] as const))
const MODES = DIRECTIONS.flatMap(([from, to]) => [true, false].map((stream) => [from, to, stream] as const))
const CALL: Step = { kind: 'answer', toolCall: { name: 'weather', arguments: '{"city":"Bern"}' } }
const QUOTA: Step = {
  kind: 'failed',
  error: { type: 'usage_limit_reached', code: 'insufficient_quota', message: 'You exceeded your current quota' },
}

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

async function before(to: Wire, ...steps: readonly Step[]): Promise<World> {
  world = await startWorld({
    sides: [
      {
        provider: PROVIDERS[to],
        scenario: {
          name: 'foreign',
          description: '',
          credentials: { 'tok-a': { steps: [...steps] }, 'tok-b': { steps: [{ kind: 'answer' }] } },
        },
      },
    ],
    limits: { deadlineMs: 3_000 },
  })
  return world
}

describe.each(MODES)('a %s caller before a provider of %s (stream: %s)', (from, to, stream) => {
  it('gets a complete answer of its own protocol', async () => {
    const { gateway, simulators } = await before(to, { kind: 'answer' })
    const reading = await ask(gateway.url, from, stream)
    expect(reading).toMatchObject({ status: 200, ending: 'complete', said: 'The answer is 42.' })
    expect(simulators[0]?.requests.at(-1)?.wire).toBe(to)
  })

  it('is rescued by the next account: failures are judged in the words of the provider', async () => {
    const { gateway, events } = await before(to, QUOTA)
    expect(await ask(gateway.url, from, stream)).toMatchObject({
      status: 200,
      ending: 'complete',
      said: 'The answer is 42.',
    })
    expect(events.some((event) => event.type === 'attempt_failed')).toBe(true)
  })

  it('is never told a good end of an answer that broke off', async () => {
    const cut: Step = { kind: 'failed', error: { type: 'server_error', message: 'gone' }, textFirst: 'The answer' }
    const { gateway } = await before(to, ...Array.from({ length: 8 }, () => cut))
    const reading = await ask(gateway.url, from, stream)
    if (stream) expect(reading.ending).toBe('error')
    else expect(['error', 'complete']).toContain(reading.ending)
  })
})

const TOOLS = [
  { name: 'weather', description: 'The weather', schema: { type: 'object', properties: { city: { type: 'string' } } } },
] as const
const LATER: Step = { kind: 'answer', text: 'It rains in Bern.' }

describe.each(['chat-completions', 'responses'] as const)('the Anthropic SDK before %s', (to) => {
  it('calls a tool and goes on, streamed', async () => {
    const { gateway, simulators } = await before(to, CALL, LATER)
    const client = new Anthropic({ baseURL: gateway.url, apiKey: 'unused', maxRetries: 0 })
    const tools = TOOLS.map(({ name, description, schema }) => ({ name, description, input_schema: schema }))
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'hello' }]
    const first = await client.messages
      .stream({ model: 'gpt-5.5', max_tokens: 64, tools: [...tools], messages })
      .finalMessage()
    expect(first.stop_reason).toBe('tool_use')
    const call = first.content.find((block) => block.type === 'tool_use')
    expect(call).toMatchObject({ name: 'weather', input: { city: 'Bern' } })
    expect(first.usage).toMatchObject({ input_tokens: 12, output_tokens: 6 })
    messages.push({ role: 'assistant', content: first.content })
    messages.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: 'rain' }] })
    const second = await client.messages
      .stream({ model: 'gpt-5.5', max_tokens: 64, tools: [...tools], messages })
      .finalMessage()
    expect(second.content).toMatchObject([{ type: 'text', text: 'It rains in Bern.' }])
    const sent = JSON.stringify(simulators[0]?.requests.at(-1)?.body)
    // The call and its result carry one id.
    expect(sent.split(call?.id ?? 'none').length - 1).toBe(2)
  })
})

describe.each(['messages', 'chat-completions'] as const)('the OpenAI SDK (Responses) before %s', (to) => {
  it('calls a tool and goes on, streamed', async () => {
    const { gateway } = await before(to, CALL, LATER)
    const client = new OpenAi({ baseURL: `${gateway.url}/v1`, apiKey: 'unused', maxRetries: 0 })
    const tools = TOOLS.map(({ name, description, schema }) => ({
      type: 'function' as const,
      name,
      description,
      parameters: schema,
      strict: false,
    }))
    const first = await client.responses.stream({ model: 'gpt-5.5', input: 'hello', tools }).finalResponse()
    const call = first.output.find((item) => item.type === 'function_call')
    expect(call).toMatchObject({ name: 'weather', arguments: '{"city":"Bern"}' })
    expect(first.usage).toMatchObject({ input_tokens: 12, output_tokens: 6, total_tokens: 18 })
    const second = await client.responses.create({
      model: 'gpt-5.5',
      input: [
        { role: 'user', content: 'hello' },
        ...(call === undefined ? [] : [call]),
        { type: 'function_call_output', call_id: call?.call_id ?? '', output: 'rain' },
      ],
      tools,
    })
    expect(second.output_text).toBe('It rains in Bern.')
  })
})

describe.each(['messages', 'responses'] as const)('the OpenAI SDK (Chat) before %s', (to) => {
  it('calls a tool, streamed, with its usage', async () => {
    const { gateway } = await before(to, CALL)
    const client = new OpenAi({ baseURL: `${gateway.url}/v1`, apiKey: 'unused', maxRetries: 0 })
    const tools = TOOLS.map(({ name, description, schema }) => ({
      type: 'function' as const,
      function: { name, description, parameters: schema },
    }))
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const done = await client.chat.completions
      .stream({ model: 'gpt-5.5', messages, tools, stream_options: { include_usage: true } })
      .finalChatCompletion()
    expect(done.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ function: { name: 'weather', arguments: '{"city":"Bern"}' } }] },
    })
    expect(done.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 6, total_tokens: 18 })
  })
})

describe('what cannot be carried', () => {
  it('is named when it changes no meaning', async () => {
    const { gateway } = await before('messages', { kind: 'answer' })
    const body = requestBody('responses', false, { prompt_cache_key: 'k', client_metadata: { a: 'b' } })
    const reading = await ask(gateway.url, 'responses', false, { body })
    expect(reading.headers.get('x-sparekey-dropped')).toBe('client_metadata, prompt_cache_key')
  })

  it.each([
    ['chat-completions', 'messages', { n: 2 }],
    ['chat-completions', 'responses', { stop: ['END'] }],
    ['responses', 'messages', { background: true }],
    ['messages', 'responses', { top_k: 5 }],
  ] as const)('is refused in the words of the caller: %s to %s', async (from, to, more) => {
    const { gateway, simulators } = await before(to, { kind: 'answer' })
    const reading = await ask(gateway.url, from, false, { body: requestBody(from, false, more) })
    expect(reading).toMatchObject({ status: 400, ending: 'error' })
    expect(reading.text).toContain(from === 'messages' ? 'invalid_request_error' : 'unsupported_parameter')
    expect(reading.text).toContain(Object.keys(more)[0])
    expect(simulators[0]?.requests).toEqual([])
  })

  it('lets the chain go on with a route that can say it', async () => {
    const scenario = { name: 'two', description: '', credentials: { 'tok-a': {} } }
    world = await startWorld({
      sides: [
        { provider: 'anthropic', scenario },
        { provider: 'gemini', scenario },
      ],
    })
    const body = requestBody('responses', false, { temperature: 1.5 })
    const reading = await ask(world.gateway.url, 'responses', false, { body })
    expect(reading).toMatchObject({ status: 200, said: 'The answer is 42.' })
    expect(reading.headers.get('x-sparekey-route')).toBe('gemini/gpt-5.5')
    expect(world.simulators[0]?.requests).toEqual([])
  })

  it('makes a client that goes on from a stored answer send everything', async () => {
    const { gateway } = await before('messages', { kind: 'answer' })
    const body = requestBody('responses', false, { previous_response_id: 'resp_1' })
    const reading = await ask(gateway.url, 'responses', false, { body })
    expect(reading.text).toContain('previous_response_not_found')
  })
})

describe('what an answer brings that has no place', () => {
  const message = {
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Rain.', annotations: [{ type: 'url_citation', url: 'https://x' }] }],
  }
  const output = [{ type: 'web_search_call', id: 'ws_1', status: 'completed' }, message]
  const response = { id: 'resp_1', object: 'response', status: 'completed', model: 'm', output }
  const LOST = ['output.web_search_call', 'output.annotations']

  it('is named in the header of a whole answer, and in the record', async () => {
    const body = JSON.stringify(response)
    world = await startWorld({
      sides: [
        {
          provider: 'openai',
          scenario: {
            name: 'searching',
            description: '',
            credentials: {
              'tok-a': {
                steps: [{ kind: 'raw', status: 200, headers: { 'content-type': 'application/json' }, body }],
              },
            },
          },
        },
      ],
    })
    const reading = await ask(world.gateway.url, 'messages', false)
    expect(reading).toMatchObject({ status: 200, said: 'Rain.' })
    expect(reading.headers.get('x-sparekey-dropped')).toBe(LOST.join(', '))
    expect(world.events.at(-1)).toMatchObject({ type: 'call_ended', dropped: LOST })
  })

  it('is named in the record of a stream, whose headers had gone before', async () => {
    const events = [
      { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
      { type: 'response.output_item.done', output_index: 0, item: output[0] },
      { type: 'response.output_text.delta', output_index: 1, delta: 'Rain.' },
      { type: 'response.output_item.done', output_index: 1, item: message },
      { type: 'response.completed', response },
    ].map((data) => ({ event: data.type, data }))
    const { gateway, events: told } = await before('responses', { kind: 'events', events })
    const reading = await ask(gateway.url, 'messages', true)
    expect(reading).toMatchObject({ status: 200, ending: 'complete', said: 'Rain.' })
    expect(told.at(-1)).toMatchObject({
      type: 'call_ended',
      outcome: 'answered',
      dropped: ['max_output_tokens', ...LOST],
    })
  })
})
