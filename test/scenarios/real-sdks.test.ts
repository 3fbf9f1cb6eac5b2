import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import Anthropic from '@anthropic-ai/sdk'
import { generateText, streamText } from 'ai'
import OpenAiSix from 'openai-v6'
import OpenAiSeven from 'openai-v7'
import { afterEach, describe, expect, it } from 'vitest'
import { sparekeyErrorOf } from '../../src/index.ts'
import type { Step } from '../../src/simulator/index.ts'
import { startWorld, type World } from '../support/world.ts'

/** What people really use, through the gateway and over our `fetch`, with its own retries off: whatever is rescued, we rescued. */

const GOOD = 'The answer is 42.'
const MESSAGES = [{ role: 'user' as const, content: 'hello' }]

/** Two major versions in use; what is called here has the same types in both. */
const OPENAI_SDKS = [
  ['6', OpenAiSix as unknown as typeof OpenAiSeven],
  ['7', OpenAiSeven],
] as const

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

async function behind(
  provider: 'openai' | 'anthropic' | 'openai-codex',
  first: Step,
  others: Step = { kind: 'answer' },
): Promise<World> {
  world = await startWorld({
    sides: [
      {
        provider,
        scenario: {
          name: 'sdk',
          description: '',
          credentials: { 'tok-a': { steps: [first] }, 'tok-b': { steps: [others] } },
        },
      },
    ],
  })
  return world
}

/** What an SDK is told: where the gateway is, or to use our `fetch` for whatever address. */
const SURFACES = {
  gateway: (at: World) => ({ at: at.gateway.url }),
  fetch: (at: World) => ({ at: 'http://anywhere.invalid', fetch: at.fetch }),
} as const
type Surface = keyof typeof SURFACES

/** @param path what the SDK expects at the end of its base URL */
function client(surface: Surface, of: World, path: '' | '/v1') {
  const { at, ...given } = SURFACES[surface](of)
  return { baseURL: `${at}${path}`, apiKey: 'unused', ...given }
}

const FAULTS: Readonly<Record<string, Step>> = {
  'a quota inside HTTP 200': {
    kind: 'failed',
    error: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 },
  },
  'an HTTP 429': {
    kind: 'error',
    status: 429,
    body: {
      error: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 },
    },
  },
  'an overload': { kind: 'failed', error: { type: 'overloaded_error', message: 'Overloaded' } },
  'a cut before output': { kind: 'cut', at: 'before_output' },
  'no fault': { kind: 'answer' },
}

const CASES = (Object.keys(SURFACES) as readonly Surface[]).flatMap((surface) =>
  Object.entries(FAULTS).map(([fault, step]) => [surface, fault, step] as const),
)

describe.each(CASES)('over %s, behind %s', (surface, _fault, step) => {
  describe.each(OPENAI_SDKS)('openai %s', (_version, OpenAi) => {
    it.each(['openai', 'openai-codex'] as const)('responses of %s, both modes', async (provider) => {
      const sdk = new OpenAi({ ...client(surface, await behind(provider, step), '/v1'), maxRetries: 0 })
      const whole = await sdk.responses.create({ model: 'gpt-5.5', input: 'hello' })
      expect(whole).toMatchObject({ status: 'completed', output_text: GOOD })
      let text = ''
      let completed = false
      for await (const event of await sdk.responses.create({ model: 'gpt-5.5', input: 'hello', stream: true })) {
        if (event.type === 'response.output_text.delta') text += event.delta
        if (event.type === 'response.completed') completed = true
      }
      expect([text, completed]).toEqual([GOOD, true])
    })

    it('chat completions, both modes', async () => {
      const sdk = new OpenAi({ ...client(surface, await behind('openai', step), '/v1'), maxRetries: 0 })
      const whole = await sdk.chat.completions.create({ model: 'gpt-5.5', messages: MESSAGES })
      expect(whole.choices[0]?.message.content).toBe(GOOD)
      let text = ''
      for await (const chunk of await sdk.chat.completions.create({
        model: 'gpt-5.5',
        messages: MESSAGES,
        stream: true,
      }))
        text += chunk.choices[0]?.delta.content ?? ''
      expect(text).toBe(GOOD)
    })
  })

  it('@anthropic-ai/sdk, both modes', async () => {
    const sdk = new Anthropic({ ...client(surface, await behind('anthropic', step), ''), maxRetries: 0 })
    const whole = await sdk.messages.create({ model: 'claude-sonnet-5', max_tokens: 64, messages: MESSAGES })
    expect(whole.content).toMatchObject([{ type: 'text', text: GOOD }])
    const final = await sdk.messages
      .stream({ model: 'claude-sonnet-5', max_tokens: 64, messages: MESSAGES })
      .finalMessage()
    expect(final.content).toMatchObject([{ type: 'text', text: GOOD }])
  })

  it('the AI SDK over three wires, both modes', async () => {
    const openai = createOpenAI(client(surface, await behind('openai', step), '/v1'))
    for (const model of [openai.responses('gpt-5.5'), openai.chat('gpt-5.5')]) {
      expect((await generateText({ model, prompt: 'hello', maxRetries: 0 })).text).toBe(GOOD)
      expect(await streamText({ model, prompt: 'hello', maxRetries: 0 }).text).toBe(GOOD)
    }
    await world?.close()
    const anthropic = createAnthropic(client(surface, await behind('anthropic', step), '/v1'))
    const model = anthropic('claude-sonnet-5')
    expect((await generateText({ model, prompt: 'hello', maxRetries: 0 })).text).toBe(GOOD)
    expect(await streamText({ model, prompt: 'hello', maxRetries: 0 }).text).toBe(GOOD)
  })
})

describe.each(Object.keys(SURFACES) as readonly Surface[])(
  'over %s, when nobody can answer, the SDKs throw their own typed errors and do not retry',
  (surface) => {
    const empty: Step = {
      kind: 'failed',
      error: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 },
    }

    /** What is read out of each of them. */
    const TOLD = { label: 'quota_exhausted', status: 429, callId: expect.stringMatching(/^call_/) }

    it.each(OPENAI_SDKS)('openai %s', async (_version, OpenAi) => {
      // With the SDK's own retries on: `x-should-retry: false` must stop them.
      const sdk = new OpenAi(client(surface, await behind('openai', empty, empty), '/v1'))
      for (const stream of [false, true]) {
        const error: unknown = await sdk.responses.create({ model: 'gpt-5.5', input: 'hello', stream }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        expect(error).toBeInstanceOf(OpenAi.RateLimitError)
        expect(error).toMatchObject({ status: 429, type: 'usage_limit_reached' })
        expect(sparekeyErrorOf(error)).toMatchObject({ ...TOLD, attempts: stream ? [] : [{}, {}] })
      }
      expect(world?.simulators[0]?.requests).toHaveLength(2)
    })

    it('@anthropic-ai/sdk', async () => {
      const sdk = new Anthropic(client(surface, await behind('anthropic', empty, empty), ''))
      const error: unknown = await sdk.messages
        .create({ model: 'claude-sonnet-5', max_tokens: 64, messages: MESSAGES })
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
      expect(error).toBeInstanceOf(Anthropic.RateLimitError)
      expect(sparekeyErrorOf(error)).toMatchObject({ ...TOLD, attempts: [{}, {}] })
      expect(world?.simulators[0]?.requests).toHaveLength(2)
    })

    it('a stream that breaks after output throws instead of ending quietly', async () => {
      const cut: Step = { kind: 'cut', at: 'after_output' }
      const openai = new OpenAiSeven({ ...client(surface, await behind('openai', cut), '/v1'), maxRetries: 0 })
      await expect(
        (async () => {
          for await (const _event of await openai.responses.create({ model: 'gpt-5.5', input: 'hello', stream: true }));
        })(),
      ).rejects.toThrow(/stream|connection|terminated|closed/i)
      const chat = (async () => {
        for await (const _chunk of await openai.chat.completions.create({
          model: 'gpt-5.5',
          messages: MESSAGES,
          stream: true,
        }));
      })()
      await expect(chat).rejects.toThrow(/error|stream|connection|broke off/i)
      await expect(chat).rejects.toSatisfy((error) => sparekeyErrorOf(error)?.label === 'connection')
      await world?.close()
      const anthropic = new Anthropic({ ...client(surface, await behind('anthropic', cut), ''), maxRetries: 0 })
      const message = anthropic.messages
        .stream({ model: 'claude-sonnet-5', max_tokens: 64, messages: MESSAGES })
        .finalMessage()
      await expect(message).rejects.toThrow(/error|stream|connection|broke off/i)
      await expect(message).rejects.toSatisfy((error) => sparekeyErrorOf(error)?.label === 'connection')
    })
  },
)

// A gateway leaves short waits to its clients; inside a process everything has been tried when `fetch` answers.
it('over fetch, an overload that nobody survives is not tried again by the SDK', async () => {
  const down: Step = { kind: 'error', status: 503, body: { error: { message: 'The server is overloaded' } } }
  const openai = new OpenAiSeven(client('fetch', await behind('openai', down, down), '/v1'))
  const asking = openai.chat.completions.create({ model: 'gpt-5.5', messages: MESSAGES })
  await expect(asking).rejects.toBeInstanceOf(OpenAiSeven.InternalServerError)
  expect(world?.events.filter(({ type }) => type === 'call_ended')).toHaveLength(1)
})
