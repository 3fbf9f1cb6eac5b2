import Anthropic from '@anthropic-ai/sdk'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { APICallError, streamText } from 'ai'
import OpenAiSix from 'openai-v6'
import OpenAiSeven from 'openai-v7'
import { describe, expect, it } from 'vitest'
import { FAILURE_LABELS, type FailureLabel } from '../../src/failure/labels.ts'
import { responsesAnswers } from '../../src/simulator/responses-answers.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { WIRES } from '../../src/wire/wires.ts'
import { givenUp, streamOf, typed } from '../support/watch-stream.ts'

/** What every wire says when it gives up, read by the classes of the real SDKs. No socket: each is given a `fetch` of ours. */

const OPENAI_SDKS = [
  ['6', OpenAiSix as unknown as typeof OpenAiSeven],
  ['7', OpenAiSeven],
] as const
const MESSAGES = [{ role: 'user' as const, content: 'hello' }]
type Given = NonNullable<Parameters<typeof givenUp>[1]>

/** Answers every request alike and counts them. */
function fake(answer: () => Response) {
  const seen = { count: 0 }
  const fetch = () => {
    seen.count += 1
    return Promise.resolve(answer())
  }
  return { seen, fetch }
}

function errorAnswer(wire: WireName, label: FailureLabel, given: Given = {}) {
  return fake(() => {
    const { status, headers, body } = WIRES[wire].renderError(givenUp(label, given))
    return new Response(body, { status, headers: headers.map(([name, value]): [string, string] => [name, value]) })
  })
}

/** Some visible output, and then the failure in the wire's own words. */
const BEGUN: Readonly<Record<WireName, Buffer>> = {
  responses: streamOf(
    responsesAnswers
      .good({ kind: 'answer' }, { id: '1', model: 'gpt-5.5', nowMs: 0, includeUsage: false })
      .events.slice(0, 6),
  ),
  'chat-completions': streamOf([
    {
      data: {
        id: 'c',
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta: { content: 'Hal' }, finish_reason: null }],
      },
    },
  ]),
  messages: streamOf(
    typed(
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [],
          stop_reason: null,
          usage: { input_tokens: 1, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hal' } },
    ),
  ),
}

function cutAnswer(wire: WireName, label: FailureLabel) {
  return fake(
    () =>
      new Response(Buffer.concat([BEGUN[wire], Buffer.from(WIRES[wire].renderStreamError(givenUp(label)))]), {
        headers: { 'content-type': 'text/event-stream' },
      }),
  )
}

/** Runs to the end and gives what was thrown. */
async function thrownBy(run: () => Promise<unknown>): Promise<Record<string, unknown>> {
  const outcome = await run().then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(Error)
  return outcome as Record<string, unknown>
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _event of stream);
}

describe.each(OPENAI_SDKS)('openai %s', (_version, OpenAi) => {
  const client = (fetch: () => Promise<Response>, maxRetries = 0) =>
    new OpenAi({ apiKey: 'unused', baseURL: 'http://127.0.0.1:1/v1', fetch, maxRetries })
  const ask = {
    responses: (fetch: () => Promise<Response>, maxRetries?: number) =>
      client(fetch, maxRetries).responses.create({ model: 'm', input: 'hello' }),
    'chat-completions': (fetch: () => Promise<Response>, maxRetries?: number) =>
      client(fetch, maxRetries).chat.completions.create({ model: 'm', messages: MESSAGES }),
  }
  const CLASSES: Readonly<Partial<Record<number, unknown>>> = {
    400: OpenAi.BadRequestError,
    401: OpenAi.AuthenticationError,
    403: OpenAi.PermissionDeniedError,
    404: OpenAi.NotFoundError,
    429: OpenAi.RateLimitError,
    502: OpenAi.InternalServerError,
    503: OpenAi.InternalServerError,
    504: OpenAi.InternalServerError,
  }

  describe.each(['responses', 'chat-completions'] as const)('%s', (wire) => {
    it.each(FAILURE_LABELS)('%s is an error with status, code, type and message', async (label) => {
      const error = await thrownBy(() => ask[wire](errorAnswer(wire, label).fetch))
      const { status, body } = WIRES[wire].renderError(givenUp(label))
      const { code, type, message } = (JSON.parse(body) as { error: Record<string, string> }).error
      expect(error).toBeInstanceOf(CLASSES[status] ?? OpenAi.APIError)
      expect(error).toMatchObject({ status, code, type, param: null })
      expect(error['message']).toContain(message)
    })

    it.each(['quota_exhausted', 'billing', 'auth_revoked', 'entitlement'] as const)(
      "%s is not tried again by the SDK's own retries",
      async (label) => {
        const { fetch, seen } = errorAnswer(wire, label, { waitMs: 86_400_000 })
        await thrownBy(() => ask[wire](fetch, 2))
        expect(seen.count).toBe(1)
      },
    )

    it('a throttle that lasts longer than the SDK would sleep is not tried again', async () => {
      const { fetch, seen } = errorAnswer(wire, 'rate_limit', { waitMs: 61_000 })
      await thrownBy(() => ask[wire](fetch, 2))
      expect(seen.count).toBe(1)
    })
  })

  it.each(FAILURE_LABELS)('a stream of responses that fails behind output with %s throws', async (label) => {
    const types: string[] = []
    const error = await thrownBy(async () => {
      const { fetch } = cutAnswer('responses', label)
      const stream = await client(fetch).responses.create({ model: 'm', input: 'hello', stream: true })
      for await (const event of stream) types.push(event.type)
    })
    expect(error).toBeInstanceOf(OpenAi.APIError)
    expect(error['message']).toContain('It failed')
    expect(types).toContain('response.output_text.delta')
    expect(types).not.toContain('response.completed')
  })

  it.each(FAILURE_LABELS)('a stream of chat completions that fails behind output with %s throws', async (label) => {
    let text = ''
    const error = await thrownBy(async () => {
      const { fetch } = cutAnswer('chat-completions', label)
      const stream = await client(fetch).chat.completions.create({ model: 'm', messages: MESSAGES, stream: true })
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    })
    expect(error).toBeInstanceOf(OpenAi.APIError)
    expect(error['message']).toContain('It failed')
    expect(text).toBe('Hal')
  })
})

describe('@anthropic-ai/sdk', () => {
  const client = (fetch: () => Promise<Response>, maxRetries = 0) =>
    new Anthropic({ apiKey: 'unused', baseURL: 'http://127.0.0.1:1', fetch, maxRetries })
  const request = { model: 'm', max_tokens: 64, messages: MESSAGES }
  const CLASSES: Readonly<Partial<Record<number, unknown>>> = {
    400: Anthropic.BadRequestError,
    401: Anthropic.AuthenticationError,
    403: Anthropic.PermissionDeniedError,
    404: Anthropic.NotFoundError,
    429: Anthropic.RateLimitError,
    500: Anthropic.InternalServerError,
    529: Anthropic.InternalServerError,
  }

  it.each(FAILURE_LABELS)('%s is an error with status, type and message', async (label) => {
    const error = await thrownBy(() => client(errorAnswer('messages', label).fetch).messages.create(request))
    const { status, body } = WIRES.messages.renderError(givenUp(label))
    const { type, message } = (JSON.parse(body) as { error: Record<string, string> }).error
    expect(error).toBeInstanceOf(CLASSES[status] ?? Anthropic.APIError)
    expect(error).toMatchObject({ status, type })
    expect(error['message']).toContain(message)
  })

  it.each([
    ['quota_exhausted', 20 * 86_400_000],
    ['rate_limit', 61_000],
    ['overloaded', 3_600_000],
    ['billing', undefined],
  ] as const)('%s: the SDK does not sleep for days', async (label, waitMs) => {
    const { fetch, seen } = errorAnswer('messages', label, waitMs === undefined ? {} : { waitMs })
    await thrownBy(() => client(fetch, 2).messages.create(request))
    expect(seen.count).toBe(1)
  })

  it.each(FAILURE_LABELS)('a stream that fails behind output with %s throws, raw and gathered', async (label) => {
    const { body } = WIRES.messages.renderError(givenUp(label))
    const { type } = (JSON.parse(body) as { error: Record<string, string> }).error
    const raw = await thrownBy(async () =>
      drain(await client(cutAnswer('messages', label).fetch).messages.create({ ...request, stream: true })),
    )
    expect(raw).toBeInstanceOf(Anthropic.APIError)
    expect(raw).toMatchObject({ type })
    const gathered = await thrownBy(() =>
      client(cutAnswer('messages', label).fetch).messages.stream(request).finalMessage(),
    )
    expect(gathered['message']).toContain('It failed')
  })
})

describe('the AI SDK', () => {
  const model = (wire: WireName, fetch: () => Promise<Response>) => {
    const baseURL = 'http://127.0.0.1:1/v1'
    if (wire === 'messages') return createAnthropic({ baseURL, apiKey: 'unused', fetch })('m')
    const openai = createOpenAI({ baseURL, apiKey: 'unused', fetch })
    return wire === 'responses' ? openai.responses('m') : openai.chat('m')
  }

  describe.each(Object.keys(WIRES) as WireName[])('%s', (wire) => {
    const errors = async (fetch: () => Promise<Response>) => {
      const seen: unknown[] = []
      const { fullStream } = streamText({
        model: model(wire, fetch),
        prompt: 'hello',
        maxRetries: 0,
        onError: () => {},
      })
      for await (const part of fullStream) if (part.type === 'error') seen.push(part.error)
      return seen
    }

    it.each(FAILURE_LABELS)('%s is an APICallError with our message', async (label) => {
      const [error] = await errors(errorAnswer(wire, label).fetch)
      expect(APICallError.isInstance(error)).toBe(true)
      expect(error).toMatchObject({ message: expect.stringContaining('It failed') })
    })

    it.each(FAILURE_LABELS)('a stream that fails behind output with %s has an error part', async (label) => {
      const [error] = await errors(cutAnswer(wire, label).fetch)
      expect(textOf(error)).toContain('It failed')
    })
  })
})

/** Each of its three providers gives the error part another form: an Error, an object, a text. */
function textOf(error: unknown): string {
  return error instanceof Error ? error.message : JSON.stringify(error)
}
