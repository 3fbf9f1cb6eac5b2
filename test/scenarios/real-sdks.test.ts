import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import Anthropic from '@anthropic-ai/sdk'
import { generateText, streamText } from 'ai'
import OpenAiSix from 'openai-v6'
import OpenAiSeven from 'openai-v7'
import { afterEach, describe, expect, it } from 'vitest'
import type { Step } from '../../src/simulator/index.ts'
import { startWorld, type World } from '../support/world.ts'

/** What people really use, through the gateway, with its own retries off: whatever is rescued, the gateway rescued. */

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
): Promise<string> {
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
  return world.gateway.url
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

describe.each(Object.entries(FAULTS))('behind %s', (_fault, step) => {
  describe.each(OPENAI_SDKS)('openai %s', (_version, OpenAi) => {
    it.each(['openai', 'openai-codex'] as const)('responses of %s, both modes', async (provider) => {
      const client = new OpenAi({ baseURL: `${await behind(provider, step)}/v1`, apiKey: 'unused', maxRetries: 0 })
      const whole = await client.responses.create({ model: 'gpt-5.5', input: 'hello' })
      expect(whole).toMatchObject({ status: 'completed', output_text: GOOD })
      let text = ''
      let completed = false
      for await (const event of await client.responses.create({ model: 'gpt-5.5', input: 'hello', stream: true })) {
        if (event.type === 'response.output_text.delta') text += event.delta
        if (event.type === 'response.completed') completed = true
      }
      expect([text, completed]).toEqual([GOOD, true])
    })

    it('chat completions, both modes', async () => {
      const client = new OpenAi({ baseURL: `${await behind('openai', step)}/v1`, apiKey: 'unused', maxRetries: 0 })
      const whole = await client.chat.completions.create({ model: 'gpt-5.5', messages: MESSAGES })
      expect(whole.choices[0]?.message.content).toBe(GOOD)
      let text = ''
      for await (const chunk of await client.chat.completions.create({
        model: 'gpt-5.5',
        messages: MESSAGES,
        stream: true,
      }))
        text += chunk.choices[0]?.delta.content ?? ''
      expect(text).toBe(GOOD)
    })
  })

  it('@anthropic-ai/sdk, both modes', async () => {
    const client = new Anthropic({ baseURL: await behind('anthropic', step), apiKey: 'unused', maxRetries: 0 })
    const whole = await client.messages.create({ model: 'claude-sonnet-5', max_tokens: 64, messages: MESSAGES })
    expect(whole.content).toMatchObject([{ type: 'text', text: GOOD }])
    const final = await client.messages
      .stream({ model: 'claude-sonnet-5', max_tokens: 64, messages: MESSAGES })
      .finalMessage()
    expect(final.content).toMatchObject([{ type: 'text', text: GOOD }])
  })

  it('the AI SDK over three wires, both modes', async () => {
    const url = await behind('openai', step)
    const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey: 'unused' })
    for (const model of [openai.responses('gpt-5.5'), openai.chat('gpt-5.5')]) {
      expect((await generateText({ model, prompt: 'hello', maxRetries: 0 })).text).toBe(GOOD)
      expect(await streamText({ model, prompt: 'hello', maxRetries: 0 }).text).toBe(GOOD)
    }
    await world?.close()
    const anthropic = createAnthropic({ baseURL: `${await behind('anthropic', step)}/v1`, apiKey: 'unused' })
    const model = anthropic('claude-sonnet-5')
    expect((await generateText({ model, prompt: 'hello', maxRetries: 0 })).text).toBe(GOOD)
    expect(await streamText({ model, prompt: 'hello', maxRetries: 0 }).text).toBe(GOOD)
  })
})

describe('when nobody can answer, the SDKs throw their own typed errors and do not retry', () => {
  const empty: Step = {
    kind: 'failed',
    error: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 },
  }

  it.each(OPENAI_SDKS)('openai %s', async (_version, OpenAi) => {
    // With the SDK's own retries on: `x-should-retry: false` must stop them.
    const client = new OpenAi({ baseURL: `${await behind('openai', empty, empty)}/v1`, apiKey: 'unused' })
    for (const stream of [false, true]) {
      const error: unknown = await client.responses.create({ model: 'gpt-5.5', input: 'hello', stream }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(OpenAi.RateLimitError)
      expect(error).toMatchObject({ status: 429, type: 'usage_limit_reached' })
    }
    expect(world?.simulators[0]?.requests).toHaveLength(2)
  })

  it('@anthropic-ai/sdk', async () => {
    const client = new Anthropic({ baseURL: await behind('anthropic', empty, empty), apiKey: 'unused' })
    const error: unknown = await client.messages
      .create({ model: 'claude-sonnet-5', max_tokens: 64, messages: MESSAGES })
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
    expect(error).toBeInstanceOf(Anthropic.RateLimitError)
    expect(world?.simulators[0]?.requests).toHaveLength(2)
  })

  it('a stream that breaks after output throws instead of ending quietly', async () => {
    const cut: Step = { kind: 'cut', at: 'after_output' }
    const openai = new OpenAiSeven({ baseURL: `${await behind('openai', cut)}/v1`, apiKey: 'unused', maxRetries: 0 })
    await expect(
      (async () => {
        for await (const _event of await openai.responses.create({ model: 'gpt-5.5', input: 'hello', stream: true }));
      })(),
    ).rejects.toThrow(/stream|connection|terminated|closed/i)
    await expect(
      (async () => {
        for await (const _chunk of await openai.chat.completions.create({
          model: 'gpt-5.5',
          messages: MESSAGES,
          stream: true,
        }));
      })(),
    ).rejects.toThrow(/error|stream|connection/i)
    await world?.close()
    const anthropic = new Anthropic({ baseURL: await behind('anthropic', cut), apiKey: 'unused', maxRetries: 0 })
    await expect(
      anthropic.messages.stream({ model: 'claude-sonnet-5', max_tokens: 64, messages: MESSAGES }).finalMessage(),
    ).rejects.toThrow(/error|stream|connection/i)
  })
})
