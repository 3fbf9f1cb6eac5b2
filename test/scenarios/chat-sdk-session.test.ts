import OpenAi from 'openai-v7'
import { expect, it, onTestFinished } from 'vitest'
import type { JsonObject } from '../../src/wire/json.ts'
import type { Step } from '../../src/simulator/index.ts'
import { recorderBefore } from '../support/recorder.ts'
import { keepTranscript } from '../support/transcript.ts'
import { startWorld } from '../support/world.ts'

/** The OpenAI SDK with Chat Completions over providers of the other two protocols: two tools side by side, one more, the last word. */

const UPSTREAM_WIRES = { 'openai-codex': 'responses', anthropic: 'messages' } as const
const TOOLS = [
  {
    type: 'function' as const,
    function: {
      name: 'weather',
      description: 'The weather of a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
]
const call = (city: string) => ({ name: 'weather', arguments: JSON.stringify({ city }) })
const STEPS: readonly Step[] = [
  { kind: 'answer', toolCall: [call('Oslo'), call('Bern')] },
  { kind: 'answer', toolCall: call('Rome') },
  { kind: 'answer', text: 'It rains everywhere.' },
]

it.each(['openai-codex', 'anthropic'] as const)(
  'every tool runs once and its result arrives over %s',
  async (provider) => {
    const credentials = { 'tok-a': { steps: STEPS } }
    const world = await startWorld({ sides: [{ provider, scenario: { name: 'x', description: '', credentials } }] })
    onTestFinished(() => world.close())
    const recorder = await recorderBefore(world.gateway.url)
    const sdk = new OpenAi({ apiKey: 'unused', baseURL: `${recorder.url}/v1`, maxRetries: 0 })
    const messages: OpenAi.Chat.ChatCompletionMessageParam[] = [{ role: 'user', content: 'how is the weather?' }]
    const ran: string[] = []
    let said: string | null = null
    while (said === null) {
      const answer = await sdk.chat.completions.create({ model: 'gpt-5.5', messages, tools: TOOLS })
      const message = answer.choices[0]?.message
      if (message === undefined) throw new Error('no answer')
      messages.push(message)
      for (const each of message.tool_calls ?? []) {
        if (each.type !== 'function') throw new Error('another kind of tool')
        const { city } = JSON.parse(each.function.arguments) as { readonly city: string }
        ran.push(city)
        messages.push({ role: 'tool', tool_call_id: each.id, content: `rain in ${city}` })
      }
      said = message.tool_calls === undefined || message.tool_calls.length === 0 ? message.content : null
    }
    expect(said).toBe('It rains everywhere.')
    expect(ran).toEqual(['Oslo', 'Bern', 'Rome'])
    const sent = world.simulators[0]?.requests.map(({ body }) => body as JsonObject) ?? []
    expect(sent).toHaveLength(3)
    for (const city of ran) expect(JSON.stringify(sent.at(-1)).split(`rain in ${city}`)).toHaveLength(2)
    if (process.env['SPAREKEY_TEST_RECORD'] !== undefined)
      keepTranscript(`openai-sdk-over-${provider}`, {
        client: 'openai-sdk',
        wire: 'chat-completions',
        provider,
        upstreamWire: UPSTREAM_WIRES[provider],
        requests: recorder.asked.map(({ body }, at) => ({ asked: body, sent: sent[at] ?? {} })),
      })
  },
)
