import { createAnthropic as createAnthropicThree } from '@ai-sdk/anthropic'
import { createAnthropic as createAnthropicFour } from '@ai-sdk/anthropic-v4'
import { createOpenAI as createOpenAiThree } from '@ai-sdk/openai'
import { createOpenAI as createOpenAiFour } from '@ai-sdk/openai-v4'
import * as aiSix from 'ai'
import * as aiSeven from 'ai-v7'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSparekeyProvider } from '../../src/ai-sdk/index.ts'
import { createSparekey, SparekeyError, type SparekeyOptions, type TelemetryEvent } from '../../src/index.ts'
import { type Simulator, startSimulator, type Step } from '../../src/simulator/index.ts'

const GOOD = 'The answer is 42.'
const EMPTY: Step = {
  kind: 'failed',
  error: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 },
}

/** Two major versions in use, with the packages of their time; what is called here has the same types in both. */
const MAJORS = [
  ['6', aiSix, { createOpenAI: createOpenAiThree, createAnthropic: createAnthropicThree }],
  [
    '7',
    aiSeven as unknown as typeof aiSix,
    {
      createOpenAI: createOpenAiFour as unknown as typeof createOpenAiThree,
      createAnthropic: createAnthropicFour as unknown as typeof createAnthropicThree,
    },
  ],
] as const

/** What one account meets: at every call, or call by call. */
type Fate = Step | readonly Step[]

async function upstream(...fates: readonly Fate[]): Promise<Simulator> {
  const credentials = Object.fromEntries(fates.map((fate, index) => [`tok-${index}`, { steps: [fate].flat() }]))
  const simulator = await startSimulator({ scenario: { name: 'x', description: '', credentials } })
  onTestFinished(() => simulator.close())
  return simulator
}

/** A home in memory with one provider and an account for each fate. */
async function homeOf(provider: string, ...fates: readonly Fate[]) {
  const simulator = await upstream(...fates)
  const options: SparekeyOptions = {
    store: 'memory',
    providers: { [provider]: { baseUrl: `${simulator.url}/v1` } },
    credentials: fates.map((_, index) => ({ provider, label: `tok-${index}`, secret: `tok-${index}` })),
  }
  return { simulator, options }
}

async function open(provider: string, ...fates: readonly Fate[]) {
  const { simulator, options } = await homeOf(provider, ...fates)
  const sparekey = await createSparekey(options)
  onTestFinished(() => sparekey.close())
  const ended: TelemetryEvent[] = []
  sparekey.on('call_ended', (event) => ended.push(event))
  return { simulator, sparekey, ended }
}

async function thrownBy(asking: PromiseLike<unknown>): Promise<unknown> {
  try {
    await asking
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe.each(MAJORS)('the AI SDK %s', (_major, ai, packages) => {
  it.each([
    ['openai', 'gpt-5.5', 'responses'],
    ['anthropic', 'claude-sonnet-5', 'messages'],
    ['openrouter', 'some/model', 'chat-completions'],
  ])(
    'a language model of %s speaks its own protocol, past an empty account, both modes',
    async (provider, id, wire) => {
      const { simulator, sparekey } = await open(provider, EMPTY, { kind: 'answer' })
      const model = sparekey.languageModel(id, { provider, packages })
      const whole = await ai.generateText({ model, prompt: 'hello' })
      expect(whole.text).toBe(GOOD)
      expect(whole.usage.outputTokens).toBeGreaterThan(0)
      const stream = ai.streamText({ model, prompt: 'hello' })
      expect([await stream.text, await stream.finishReason]).toEqual([GOOD, 'stop'])
      expect(simulator.requests.map((request) => [request.token, request.wire])).toEqual([
        ['tok-0', wire],
        ['tok-1', wire],
        ['tok-1', wire],
      ])
    },
  )

  it('a model of another protocol is reached by translation where only one package is there', async () => {
    const { simulator, sparekey } = await open('anthropic', { kind: 'answer' })
    const { createOpenAI } = packages
    const model = sparekey.languageModel('claude-sonnet-5', { packages: { createOpenAI } })
    expect((await ai.generateText({ model, prompt: 'hello' })).text).toBe(GOOD)
    expect(simulator.requests).toMatchObject([{ wire: 'messages' }])
  })

  it('sends the whole conversation, so that another account can go on with it', async () => {
    const { simulator, sparekey } = await open('openai', { kind: 'answer' })
    const ask = (store?: boolean) =>
      ai.generateText({
        model: sparekey.languageModel('gpt-5.5', { packages }),
        prompt: 'hello',
        ...(store === undefined ? {} : { providerOptions: { openai: { store } } }),
      })
    await ask()
    await ask(true)
    expect(simulator.requests.map(({ body }) => (body as { store?: boolean }).store ?? true)).toEqual([false, true])
  })

  it('a call that nobody could answer is one error, and is not asked again', async () => {
    const { simulator, sparekey, ended } = await open('openai', EMPTY, EMPTY)
    // With the SDK's own retries on.
    const model = sparekey.languageModel('gpt-5.5', { packages })
    const thrown = await thrownBy(ai.generateText({ model, prompt: 'hello' }))
    expect(SparekeyError.isInstance(thrown)).toBe(true)
    expect(ai.APICallError.isInstance(thrown)).toBe(true)
    expect(thrown).toMatchObject({ label: 'quota_exhausted', statusCode: 429, attempts: [{}, {}] })
    const parts: unknown[] = []
    for await (const part of ai.streamText({ model, prompt: 'hello', onError: () => undefined }).fullStream)
      if (part.type === 'error') parts.push(part.error)
    expect(parts).toMatchObject([{ label: 'quota_exhausted' }])
    expect(ended).toHaveLength(2)
    expect(simulator.requests).toHaveLength(2)
  })

  it('the same over our `fetch` in a package of the program', async () => {
    const { simulator, sparekey, ended } = await open('openai', EMPTY, EMPTY)
    const openai = packages.createOpenAI({ fetch: sparekey.fetch('openai'), apiKey: 'unused' })
    const thrown = await thrownBy(ai.generateText({ model: openai.chat('gpt-5.5'), prompt: 'hello' }))
    expect(thrown).toMatchObject({ label: 'quota_exhausted', isRetryable: false })
    expect([ended.length, simulator.requests.length]).toEqual([1, 2])
  })

  it('an abort stays an abort', async () => {
    const { sparekey } = await open('openai', { kind: 'answer' })
    const model = sparekey.languageModel('gpt-5.5', { packages })
    const abortSignal = AbortSignal.abort()
    const thrown = await thrownBy(ai.generateText({ model, prompt: 'hello', abortSignal }))
    expect(thrown).toMatchObject({ name: 'AbortError' })
  })

  it('a provider of its own opens its home at the first call, and is a provider for the registry', async () => {
    const { options } = await homeOf('openai', EMPTY, { kind: 'answer' })
    const provider = createSparekeyProvider({ ...options, packages })
    onTestFinished(() => provider.close())
    expect((await ai.generateText({ model: provider('gpt-5.5'), prompt: 'hello' })).text).toBe(GOOD)
    expect((await ai.generateText({ model: provider.languageModel('gpt-5.5'), prompt: 'hello' })).text).toBe(GOOD)
  })

  it('what its home says wrong is thrown by the call, once', async () => {
    const provider = createSparekeyProvider({ store: 'memory', provider: 'opnai', packages })
    const thrown = await thrownBy(ai.generateText({ model: provider('gpt-5.5'), prompt: 'hello' }))
    expect(thrown).toMatchObject({ name: 'SparekeyConfigError', code: 'config_invalid' })
  })

  it.each([
    ['openai', 'gpt-5.5'],
    ['anthropic', 'claude-sonnet-5'],
  ])('a tool is called at one account of %s and its result answered by another', async (provider, id) => {
    const toolCall = { name: 'weather', arguments: '{"city":"Oslo"}' }
    const { simulator, sparekey } = await open(provider, [{ kind: 'answer', toolCall }, EMPTY], { kind: 'answer' })
    const asked: unknown[] = []
    const weather = ai.tool({
      description: 'the weather of a city',
      inputSchema: ai.jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
      execute: async (input) => {
        asked.push(input)
        return 'rain'
      },
    })
    const { text, steps } = await ai.generateText({
      model: sparekey.languageModel(id, { packages }),
      prompt: 'hello',
      tools: { weather },
      stopWhen: ai.stepCountIs(3),
    })
    expect([text, steps.length, asked]).toEqual([GOOD, 2, [{ city: 'Oslo' }]])
    expect(simulator.requests.map(({ token }) => token)).toEqual(['tok-0', 'tok-0', 'tok-1'])
    expect(JSON.stringify(simulator.requests[2]?.body)).toMatch(/Oslo.*rain/)
    expect(JSON.stringify(simulator.requests[2]?.body)).not.toContain('item_reference')
  })
})

describe('the packages', () => {
  it('are those that are installed, where none are given', async () => {
    const { simulator, sparekey } = await open('openai', { kind: 'answer' })
    expect((await aiSix.generateText({ model: sparekey.languageModel('gpt-5.5'), prompt: 'hello' })).text).toBe(GOOD)
    expect(simulator.requests).toMatchObject([{ wire: 'responses' }])
  })

  it('must be there', async () => {
    const { sparekey } = await open('openai', { kind: 'answer' })
    expect(() => sparekey.languageModel('gpt-5.5', { packages: {} })).toThrow(
      expect.objectContaining({ code: 'package_missing', hint: expect.stringContaining('npm install') }),
    )
  })

  it('a provider that is not known is told when the model is made', async () => {
    const { sparekey } = await open('openai', { kind: 'answer' })
    expect(() => sparekey.languageModel('gpt-5.5', { provider: 'opnai' })).toThrow('"opnai" is not a provider')
  })
})

/** Compiles only while the types fit: of models to `generateText`, and of packages to us, in both versions. */
function fits(sparekey: Awaited<ReturnType<typeof createSparekey>>): unknown[] {
  const model = sparekey.languageModel('gpt-5.5', { packages: { createOpenAI: createOpenAiThree } })
  sparekey.languageModel('gpt-5.5', {
    packages: { createOpenAI: createOpenAiFour, createAnthropic: createAnthropicFour },
  })
  return [aiSix.generateText({ model, prompt: '' }), aiSeven.generateText({ model, prompt: '' })]
}
void fits
