import { describe, expect, it } from 'vitest'
import { classify } from '../failure/classify.ts'
import { observeHttp } from '../failure/observe-http.ts'
import { PROVIDERS } from '../providers/_registry.ts'
import { REPAIR_NAMES, type RepairName } from '../recovery/repair-names.ts'
import type { WireName } from '../wire/wire.ts'
import type { Call } from './call.ts'
import { CallRepairs } from './repairs.ts'

/** Refusals in the words of their providers, through the same classification as a call's. */

interface Refused {
  readonly provider: string
  readonly wire: WireName
  /** @default 400 */
  readonly status?: number
  /** A text stands for an error object with this message, in the provider's own shape. */
  readonly said: unknown
  readonly body: Readonly<Record<string, unknown>>
  readonly headers?: ReadonlyArray<readonly [string, string]>
}

const OFF = new Set<string>()

function failureOf({ provider, wire, status = 400, said }: Refused) {
  const error = { type: 'invalid_request_error', message: said }
  const body = typeof said !== 'string' ? said : wire === 'messages' ? { type: 'error', error } : { error }
  const seen = observeHttp({
    provider,
    api: wire,
    model: 'm',
    status,
    headers: {},
    body: JSON.stringify(body),
    seenAtMs: 0,
  })
  return classify(seen, PROVIDERS[provider]?.rules)
}

function callOf({ wire, body, headers = [] }: Refused): Call {
  return {
    id: 'call_1',
    wire,
    model: 'm',
    stream: false,
    headers,
    bytes: Buffer.from(JSON.stringify(body)),
    body,
    signal: new AbortController().signal,
    query: '',
    chain: [],
    client: 'other',
  }
}

/** What is sent after the refusal. */
function repaired(refused: Refused) {
  const repairs = new CallRepairs()
  const call = callOf(refused)
  const planned = repairs.next(failureOf(refused), call, OFF)
  if (planned === undefined) return undefined
  repairs.made(planned)
  const sent = repairs.apply(call)
  // The bytes are what counts on the network.
  expect(JSON.parse(Buffer.from(sent.bytes).toString())).toEqual(sent.body)
  return { name: planned.name, body: sent.body, headers: sent.headers, what: planned.what }
}

const openai = (said: unknown, body: Refused['body'], wire: WireName = 'chat-completions'): Refused => ({
  provider: 'openai',
  wire,
  said,
  body,
})
const anthropic = (said: string, body: Refused['body'], headers: Refused['headers'] = []): Refused => ({
  provider: 'anthropic',
  wire: 'messages',
  said,
  body,
  headers,
})
const refusedBy = (provider: string, said: unknown, body: Refused['body'], status = 400): Refused => ({
  provider,
  wire: 'chat-completions',
  status,
  said,
  body,
})

describe('a refused parameter', () => {
  const named = (param: string, code: string, message: string) => ({
    error: { message, type: 'invalid_request_error', param, code },
  })
  it.each<[string, Refused, Readonly<Record<string, unknown>>]>([
    [
      'OpenAI, a model that takes no sampling',
      openai(
        named(
          'temperature',
          'unsupported_value',
          "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
        ),
        { temperature: 0.7, top_p: 0.9, seed: 1 },
      ),
      { seed: 1 },
    ],
    [
      'OpenAI, the older name of the limit',
      openai(
        named(
          'max_tokens',
          'unsupported_parameter',
          "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        ),
        { max_tokens: 5 },
      ),
      { max_completion_tokens: 5 },
    ],
    [
      'Copilot, without a code',
      refusedBy('github-copilot', "Unsupported parameter: 'max_tokens' is not supported with this model", {
        max_tokens: 5,
      }),
      { max_completion_tokens: 5 },
    ],
    [
      'Codex',
      {
        provider: 'openai-codex',
        wire: 'responses',
        said: { detail: 'Unsupported parameter: service_tier' },
        body: { service_tier: 'flex', input: 'x' },
      },
      { input: 'x' },
    ],
    [
      'OpenAI, a member',
      openai(
        named(
          'reasoning.summary',
          'unsupported_parameter',
          "Unsupported parameter: 'reasoning.summary' is not supported with this model.",
        ),
        { reasoning: { effort: 'low', summary: 'auto' } },
        'responses',
      ),
      { reasoning: { effort: 'low' } },
    ],
    [
      'OpenAI, older words',
      openai('Unrecognized request argument supplied: parallel_tool_calls', { parallel_tool_calls: true }),
      {},
    ],
    [
      'Mistral',
      refusedBy(
        'mistral',
        {
          detail: [
            {
              type: 'extra_forbidden',
              loc: ['body', 'stream_options'],
              msg: 'Extra inputs are not permitted',
              input: {},
            },
          ],
        },
        { stream_options: {}, n: 1 },
        422,
      ),
      { n: 1 },
    ],
    ['Groq', refusedBy('groq', "property 'store' is unsupported", { store: true }), {}],
    [
      'Groq, inside a message',
      refusedBy(
        'groq',
        "'messages.0' : for 'role:assistant' the following must be satisfied[('messages.0' : property 'reasoning_content' is unsupported)]",
        {
          messages: [{ role: 'assistant', content: 'a', reasoning_content: 'b' }],
        },
      ),
      { messages: [{ role: 'assistant', content: 'a' }] },
    ],
    [
      'xAI',
      refusedBy(
        'xai',
        { code: 'invalid-argument', error: 'Argument not supported on this model: presencePenalty' },
        { presence_penalty: 1, seed: 1 },
      ),
      { seed: 1 },
    ],
    [
      'Gemini, several at once',
      refusedBy(
        'gemini',
        [
          {
            error: {
              code: 400,
              status: 'INVALID_ARGUMENT',
              message:
                'Invalid JSON payload received. Unknown name "store": Cannot find field.\nInvalid JSON payload received. Unknown name "seed": Cannot find field.',
            },
          },
        ],
        { store: false, seed: 5, user: 'u' },
      ),
      { user: 'u' },
    ],
    [
      'Fireworks',
      refusedBy('fireworks', "Extra inputs are not permitted, field: 'store', value: False", { store: false }),
      {},
    ],
    [
      'Anthropic, at the top',
      anthropic('context_management: Extra inputs are not permitted', {
        context_management: { edits: [] },
        max_tokens: 5,
      }),
      { max_tokens: 5 },
    ],
    [
      'Anthropic, a hint of a tool',
      anthropic('tools.0.custom.defer_loading: Extra inputs are not permitted', {
        tools: [
          { name: 'f', defer_loading: true, input_schema: { properties: { defer_loading: { type: 'string' } } } },
        ],
      }),
      { tools: [{ name: 'f', input_schema: { properties: { defer_loading: { type: 'string' } } } }] },
    ],
    [
      'Anthropic, a hint inside a hint',
      anthropic('messages.0.content.0.cache_control.ttl: Extra inputs are not permitted', {
        system: [{ type: 'text', text: 'ttl', cache_control: { type: 'ephemeral', ttl: '1h' } }],
        messages: [
          {
            role: 'user',
            content: [
              {
                type: 'tool_use',
                input: { cache_control: { ttl: 1 } },
                cache_control: { type: 'ephemeral', ttl: '1h' },
              },
            ],
          },
        ],
      }),
      {
        system: [{ type: 'text', text: 'ttl', cache_control: { type: 'ephemeral' } }],
        messages: [
          {
            role: 'user',
            content: [{ type: 'tool_use', input: { cache_control: { ttl: 1 } }, cache_control: { type: 'ephemeral' } }],
          },
        ],
      },
    ],
    [
      'Anthropic, one of two',
      anthropic('`temperature` and `top_p` cannot both be specified for this model. Please use only one.', {
        temperature: 1,
        top_p: 0.5,
      }),
      { temperature: 1 },
    ],
    [
      'Anthropic, out of use',
      anthropic('`temperature` is deprecated for this model.', { temperature: 1, top_k: 3 }),
      { top_k: 3 },
    ],
    [
      'Anthropic, no thinking',
      anthropic('adaptive thinking is not supported on this model', { thinking: { type: 'adaptive' }, top_k: 3 }),
      { top_k: 3 },
    ],
    [
      'Bedrock',
      {
        provider: 'bedrock',
        wire: 'messages',
        said: {
          message:
            'Malformed input request: #: extraneous key [context_management] is not permitted, please reformat your input and try again.',
        },
        body: { context_management: {}, top_k: 1 },
      },
      { top_k: 1 },
    ],
  ])('is left out: %s', (_, refused, body) => {
    expect(repaired(refused)).toMatchObject({ name: 'unsupported_parameter' })
    expect(repaired(refused)?.body).toEqual(body)
  })

  it.each<[string, Refused]>([
    [
      'what is wanted: tools',
      openai({ error: { message: 'x', code: 'unsupported_parameter', param: 'tools' } }, { tools: [] }),
    ],
    [
      'what is wanted: a format',
      openai(
        { error: { message: 'x', code: 'unsupported_parameter', param: 'text.format' } },
        { text: { format: {} } },
        'responses',
      ),
    ],
    [
      'a format beside an effort',
      anthropic('output_config: Extra inputs are not permitted', { output_config: { effort: 'low', format: {} } }),
    ],
    [
      "a wrong value, which is the caller's own mistake",
      openai(
        {
          error: {
            message: "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 200 instead.",
            param: 'temperature',
            code: 'decimal_above_max_value',
          },
        },
        { temperature: 200 },
      ),
    ],
    [
      'what is not there',
      openai({ error: { message: 'x', code: 'unsupported_parameter', param: 'seed' } }, { temperature: 1 }),
    ],
  ])('stays: %s', (_, refused) => {
    expect(repaired(refused)).toBeUndefined()
  })
})

describe('an output limit', () => {
  it.each<[string, Refused, Readonly<Record<string, unknown>>]>([
    [
      'Azure',
      {
        ...openai(
          'max_tokens is too large: 65536. This model supports at most 32768 completion tokens, whereas you provided 65536.',
          { max_tokens: 65536 },
        ),
        provider: 'azure',
      },
      { max_tokens: 32768 },
    ],
    [
      'Anthropic',
      anthropic(
        'max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-5',
        { max_tokens: 128000 },
      ),
      { max_tokens: 64000 },
    ],
    [
      'Anthropic, with what was said',
      anthropic(
        'input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000, decrease input length or `max_tokens` and try again',
        {
          max_tokens: 32000,
          thinking: { type: 'enabled', budget_tokens: 31000 },
        },
      ),
      { max_tokens: 10000, thinking: { type: 'enabled', budget_tokens: 5000 } },
    ],
    [
      'vLLM',
      refusedBy(
        'vllm',
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (1000 in the messages, 4000 in the completion). Please reduce the length of the messages or completion.",
        { max_completion_tokens: 4000 },
      ),
      { max_completion_tokens: 3096 },
    ],
    [
      'OpenRouter',
      refusedBy(
        'openrouter',
        {
          error: {
            code: 400,
            message:
              "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens (100000 of text input, 8000 of tool input, 32000 in the output). Please reduce the length of either one.",
          },
        },
        { max_tokens: 32000 },
      ),
      { max_tokens: 131072 - 109080 },
    ],
    [
      'Groq',
      refusedBy(
        'groq',
        '`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model',
        { max_tokens: 16000 },
      ),
      { max_tokens: 8192 },
    ],
    [
      'DeepSeek',
      refusedBy('deepseek', 'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]', {
        max_tokens: 9000,
      }),
      { max_tokens: 8192 },
    ],
    [
      'DashScope',
      refusedBy(
        'dashscope',
        { code: 'InvalidParameter', message: 'Range of max_tokens should be [1, 16384]' },
        { max_tokens: 20000 },
      ),
      { max_tokens: 16384 },
    ],
    [
      'Gemini',
      refusedBy(
        'gemini',
        [
          {
            error: {
              code: 400,
              status: 'INVALID_ARGUMENT',
              message:
                'Unable to submit request because it has a maxOutputTokens value of 100000 but the supported range is from 1 (inclusive) to 65537 (exclusive).',
            },
          },
        ],
        { max_tokens: 100000 },
      ),
      { max_tokens: 65536 },
    ],
    [
      'OpenAI, too small',
      openai(
        {
          error: {
            message:
              "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 1 instead.",
            type: 'invalid_request_error',
            param: 'max_output_tokens',
            code: 'integer_below_min_value',
          },
        },
        { max_output_tokens: 1 },
        'responses',
      ),
      { max_output_tokens: 16 },
    ],
    [
      'Together',
      refusedBy(
        'together',
        '`inputs` tokens + `max_new_tokens` must be <= 8193. Given: 7000 `inputs` tokens and 4000 `max_new_tokens`',
        { max_tokens: 4000 },
        422,
      ),
      { max_tokens: 1193 },
    ],
  ])('is brought to what fits: %s', (_, refused, body) => {
    expect(repaired(refused)).toMatchObject({ name: 'output_limit' })
    expect(repaired(refused)?.body).toEqual(body)
  })

  it('is not touched when hardly anything fits: the conversation is too long', () => {
    const said = 'input length and `max_tokens` exceed context limit: 199900 + 32000 > 200000, decrease input length'
    expect(repaired(anthropic(said, { max_tokens: 32000 }))).toBeUndefined()
    expect(
      repaired(anthropic('prompt is too long: 210000 tokens > 200000 maximum', { max_tokens: 32000 })),
    ).toBeUndefined()
  })
})

describe('a beta header', () => {
  const given = [
    ['Anthropic-Beta', 'good-2025-01-01, bad-2025-02-02'],
    ['x-other', 'bad-2025-02-02'],
  ] as const

  it('loses what is named', () => {
    const said =
      'Unexpected value(s) `bad-2025-02-02` for the `anthropic-beta` header. Please consult our documentation.'
    expect(repaired(anthropic(said, {}, given))).toMatchObject({
      name: 'beta_header',
      headers: [
        ['Anthropic-Beta', 'good-2025-01-01'],
        ['x-other', 'bad-2025-02-02'],
      ],
    })
  })

  it('goes when nothing is named', () => {
    const refused: Refused = {
      provider: 'bedrock',
      wire: 'messages',
      said: { message: 'invalid beta flag' },
      body: {},
      headers: given,
    }
    expect(repaired(refused)).toMatchObject({ name: 'beta_header', headers: [['x-other', 'bad-2025-02-02']] })
  })
})

const PNG = (width: number) => {
  const bytes = Buffer.alloc(40)
  bytes.write('\x89PNG\r\n\x1a\n', 'latin1')
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(10, 20)
  return bytes.toString('base64')
}
const block = (data: string) => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } })
const note = (type = 'text') => ({ type, text: expect.stringContaining('refused') as string })

describe('an image', () => {
  it('that is named is left out with a note, also inside a tool result', () => {
    const result = { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'x' }, block('BAD1')] }
    const messages = [
      { role: 'user', content: [block('GOOD')] },
      { role: 'user', content: [result, block('GOOD')] },
    ]
    const said = 'messages.1.content.0.tool_result.content.1.image.source.base64: Could not process image'
    expect(repaired(anthropic(said, { messages }))).toMatchObject({
      name: 'image',
      what: '1 of 3',
      body: {
        messages: [{ content: [block('GOOD')] }, { content: [{ content: [{ text: 'x' }, note()] }, block('GOOD')] }],
      },
    })
  })

  it('is found by its size in bytes', () => {
    const messages = [{ role: 'user', content: [block('A'.repeat(120)), block('B'.repeat(80))] }]
    const said = 'messages.0.content.0.image.source.base64: image exceeds 5 MB maximum: 120 bytes > 100 bytes'
    expect(repaired(anthropic(said, { messages }))?.body).toMatchObject({
      messages: [{ content: [note(), block('B'.repeat(80))] }],
    })
  })

  it('is found by its size in pixels', () => {
    const messages = [{ role: 'user', content: [block(PNG(2001)), block(PNG(2000)), block(PNG(4000))] }]
    const said =
      'messages.0.content.0.image.source.base64.data: At least one of the image dimensions exceed max allowed size for many-image requests: 2000 pixels'
    expect(repaired(anthropic(said, { messages }))?.body).toMatchObject({
      messages: [{ content: [note(), block(PNG(2000)), note()] }],
    })
  })

  it('of earlier turns goes when the whole request is too large', () => {
    const messages = [
      { role: 'user', content: [block('OLD1')] },
      { role: 'user', content: [block('NEW1')] },
    ]
    const said = { type: 'error', error: { type: 'request_too_large', message: 'Request exceeds the maximum size' } }
    const refused: Refused = { provider: 'anthropic', wire: 'messages', status: 413, said, body: { messages } }
    expect(repaired(refused)?.body).toMatchObject({ messages: [{ content: [note()] }, { content: [block('NEW1')] }] })
  })

  it('says nothing to a model that sees nothing', () => {
    const url = (text: string) => ({ type: 'image_url', image_url: { url: text } })
    const messages = [
      {
        role: 'user',
        content: [{ type: 'text', text: 'a' }, url('https://x/1.png'), url('data:image/png;base64,AAAA')],
      },
    ]
    const said = { error: { code: 404, message: 'No endpoints found that support image input' } }
    expect(repaired(refusedBy('openrouter', said, { messages }, 404))?.body).toMatchObject({
      messages: [{ content: [{ text: 'a' }, note(), note()] }],
    })
  })

  it('is left out of a Responses request by its code, in a result too', () => {
    const image = { type: 'input_image', image_url: 'data:image/png;base64,AAAA' }
    const input = [
      { role: 'user', content: [image] },
      { type: 'function_call_output', call_id: 'c', output: [image] },
    ]
    const said = {
      error: { message: 'The image data you provided does not represent a valid image.', code: 'invalid_image' },
    }
    expect(repaired(openai(said, { input }, 'responses'))?.body).toMatchObject({
      input: [{ content: [note('input_text')] }, { output: [note('input_text')] }],
    })
  })

  it('stays where the oldest are too many', () => {
    const url = (text: string) => ({ type: 'image_url', image_url: { url: text } })
    const messages = [{ role: 'user', content: [url('1'), url('2')] }]
    expect(
      repaired(refusedBy('vllm', 'At most 1 image(s) may be provided in one prompt.', { messages }))?.body,
    ).toMatchObject({
      messages: [{ content: [note(), url('2')] }],
    })
  })
})

describe('a schema of a tool', () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    additionalProperties: false,
    properties: {
      format: { type: 'string', format: 'uri', description: 'The format' },
      list: { type: 'array', minItems: 1, items: { type: 'integer', exclusiveMinimum: 0 } },
      either: { anyOf: [{ type: 'string', pattern: 'x' }, { type: 'null' }] },
    },
    required: ['format'],
  }
  const loose = {
    type: 'object',
    properties: {
      format: { type: 'string', description: 'The format' },
      list: { type: 'array', items: { type: 'integer' } },
      either: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    },
    required: ['format'],
  }

  it('loses what Gemini does not know', () => {
    const message =
      'Invalid JSON payload received. Unknown name "exclusiveMinimum" at \'tools[0].function_declarations[0].parameters.properties[1].value.items\': Cannot find field.'
    const said = [{ error: { code: 400, status: 'INVALID_ARGUMENT', message } }]
    const tools = [{ type: 'function', function: { name: 'f', parameters: schema } }]
    expect(repaired(refusedBy('gemini', said, { tools }))).toMatchObject({
      name: 'tool_schema',
      what: 'exclusiveMinimum',
    })
    expect(repaired(refusedBy('gemini', said, { tools }))?.body).toEqual({
      tools: [{ type: 'function', function: { name: 'f', parameters: loose, strict: false } }],
    })
  })

  it('loses its strictness too, which demands a part of it', () => {
    const error = {
      message: "Invalid schema for function 'f': In context=('properties', 'format'), 'format' is not permitted.",
      type: 'invalid_request_error',
      param: 'tools[0].parameters',
      code: 'invalid_function_parameters',
    }
    const tools = [{ type: 'function', name: 'f', strict: true, parameters: schema }]
    expect(repaired(openai({ error }, { tools }, 'responses'))?.body).toEqual({
      tools: [{ type: 'function', name: 'f', strict: false, parameters: loose }],
    })
  })

  it('is a plain object at the top where alternatives are refused there', () => {
    const said = 'tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level'
    const tools = [{ name: 'f', input_schema: { oneOf: [{ type: 'object' }], properties: { a: {} } } }]
    expect(repaired(anthropic(said, { tools }))?.body).toEqual({
      tools: [{ name: 'f', input_schema: { type: 'object', properties: { a: {} } } }],
    })
  })
})

describe('the order of roles', () => {
  const user = (content: unknown) => ({ role: 'user', content })
  const assistant = (content: unknown) => ({ role: 'assistant', content })
  const ALTERNATE = 'Conversation roles must alternate user/assistant/user/assistant/...'

  it.each<[string, Refused, readonly unknown[]]>([
    [
      'neighbours are joined',
      refusedBy('vllm', ALTERNATE, { messages: [user('a'), user('b'), assistant('c')] }),
      [user('a\n\nb'), assistant('c')],
    ],
    [
      'parts are kept',
      anthropic(
        'messages: roles must alternate between "user" and "assistant", but found multiple "user" roles in a row',
        {
          messages: [user('a'), user([{ type: 'tool_result', tool_use_id: 't' }])],
        },
      ),
      [
        user([
          { type: 'tool_result', tool_use_id: 't' },
          { type: 'text', text: 'a' },
        ]),
      ],
    ],
    [
      'instructions come first',
      refusedBy('vllm', 'System message must be at the beginning.', {
        messages: [user('a'), { role: 'system', content: 's' }, assistant('b')],
      }),
      [{ role: 'system', content: 's' }, user('a'), assistant('b')],
    ],
    [
      'a user begins',
      anthropic('messages: first message must use the "user" role', { messages: [assistant('a'), user('b')] }),
      [user('(The conversation goes on from here.)'), assistant('a'), user('b')],
    ],
    [
      'nothing empty is said',
      anthropic(
        'messages.1: all messages must have non-empty content except for the optional final assistant message',
        {
          messages: [user('a'), assistant([{ type: 'text', text: ' ' }]), user('b')],
        },
      ),
      [user('a\n\nb')],
    ],
    [
      'a tool that printed nothing has answered',
      refusedBy('vllm', ALTERNATE, {
        messages: [
          user('a'),
          user('b'),
          { role: 'assistant', content: null, tool_calls: [{ id: 'c1' }] },
          { role: 'tool', tool_call_id: 'c1', content: '' },
        ],
      }),
      [
        user('a\n\nb'),
        { role: 'assistant', content: null, tool_calls: [{ id: 'c1' }] },
        { role: 'tool', tool_call_id: 'c1', content: '(no output)' },
      ],
    ],
    [
      'a call of the old kind stays',
      refusedBy('vllm', ALTERNATE, {
        messages: [user('a'), user('b'), { role: 'assistant', content: null, function_call: { name: 'f' } }],
      }),
      [user('a\n\nb'), { role: 'assistant', content: null, function_call: { name: 'f' } }],
    ],
    [
      'a user ends',
      anthropic(
        'This model does not support assistant message prefill. The conversation must end with a user message.',
        {
          messages: [user('a'), assistant('b')],
        },
      ),
      [user('a'), assistant('b'), user('Go on.')],
    ],
    [
      'no blanks end it',
      anthropic('messages: final assistant content cannot end with trailing whitespace', {
        messages: [user('a'), assistant('b \n')],
      }),
      [user('a'), assistant('b')],
    ],
    [
      'a developer is a system',
      refusedBy('deepseek', "developer is not one of ['system', 'assistant', 'user', 'tool']", {
        messages: [{ role: 'developer', content: 's' }, user('a')],
      }),
      [{ role: 'system', content: 's' }, user('a')],
    ],
    [
      'an assistant stands behind a tool',
      refusedBy(
        'mistral',
        { object: 'error', message: "Unexpected role 'user' after role 'tool'", type: 'invalid_request_error' },
        {
          messages: [
            user('a'),
            { role: 'assistant', content: null, tool_calls: [{ id: 'x' }] },
            { role: 'tool', tool_call_id: 'x', content: 'r' },
            user('b'),
          ],
        },
      ),
      [
        user('a'),
        { role: 'assistant', content: null, tool_calls: [{ id: 'x' }] },
        { role: 'tool', tool_call_id: 'x', content: 'r' },
        assistant('Noted.'),
        user('b'),
      ],
    ],
  ])('is mended: %s', (_, refused, messages) => {
    expect(repaired(refused)).toMatchObject({ name: 'roles' })
    expect(repaired(refused)?.body).toEqual({ messages })
  })

  it('puts instructions inside a Messages conversation where they belong', () => {
    const said = "messages.1.role: Input should be 'user' or 'assistant'"
    const messages = [user('a'), { role: 'system', content: 's' }, assistant('b')]
    expect(repaired(anthropic(said, { system: 'first', messages }))?.body).toEqual({
      system: [
        { type: 'text', text: 'first' },
        { type: 'text', text: 's' },
      ],
      messages: [user('a'), assistant('b')],
    })
  })
})

describe('state that cannot be read', () => {
  const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' }
  it.each([
    [
      'not verified',
      { error: { code: 'invalid_encrypted_content', message: 'The encrypted content gAAA could not be verified.' } },
      400,
    ],
    ['of another caller', 'reasoning `encrypted_content` was not issued to this caller', 400],
    [
      'not kept',
      "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input.",
      404,
    ],
  ])('is left out: %s', (_, said, status) => {
    const input = [reasoning, { type: 'reasoning', id: 'rs_2', summary: [] }, { role: 'user', content: 'a' }]
    expect(repaired({ ...openai(said, { input }, 'responses'), status })).toMatchObject({
      name: 'bound_state',
      body: { input: [{ role: 'user' }] },
    })
  })

  it('is thinking that may not be changed', () => {
    const messages = [
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'a', signature: 'b' },
          { type: 'text', text: 'c' },
        ],
      },
    ]
    const said =
      'messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.'
    expect(repaired(anthropic(said, { messages }))).toMatchObject({
      name: 'thinking_signature',
      body: { messages: [{ content: [{ type: 'text', text: 'c' }] }] },
    })
  })

  it('is thinking that is demanded and not there', () => {
    const said =
      'messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block.'
    const messages = [{ role: 'assistant', content: [{ type: 'tool_use', id: 't' }] }]
    expect(repaired(anthropic(said, { messages, thinking: { type: 'adaptive' } }))?.body).toEqual({ messages })
    const turn = { role: 'assistant', content: null, tool_calls: [{ id: 'x' }] }
    expect(
      repaired(
        refusedBy(
          'kimi-code',
          'thinking is enabled but reasoning_content is missing in assistant tool call message at index 1',
          { messages: [turn] },
        ),
      )?.body,
    ).toEqual({
      messages: [{ ...turn, reasoning_content: '(not kept)' }],
    })
  })
})

describe('the repairs of a call', () => {
  const refused = openai(
    { error: { message: 'x', code: 'unsupported_parameter', param: 'seed' } },
    { seed: 1, user: 'u' },
  )

  it('are each made once', () => {
    const repairs = new CallRepairs()
    const call = callOf(refused)
    const planned = repairs.next(failureOf(refused), call, OFF)
    if (planned === undefined) throw new Error('nothing planned')
    repairs.made(planned)
    const again = openai({ error: { message: 'x', code: 'unsupported_parameter', param: 'user' } }, {})
    expect(repairs.next(failureOf(again), repairs.apply(call), OFF)).toBeUndefined()
    expect(repairs.names).toEqual(['unsupported_parameter'])
  })

  it('are not made when they are switched off', () => {
    expect(
      new CallRepairs().next(failureOf(refused), callOf(refused), new Set(['unsupported_parameter'])),
    ).toBeUndefined()
  })

  it('mend nothing that is not the fault of the request', () => {
    const said = { error: { message: "Rate limit reached; 'seed' is not supported", type: 'rate_limit_error' } }
    expect(repaired({ ...openai(said, { seed: 1 }), status: 429 })).toBeUndefined()
  })

  it('leave the limit of one route behind on the next, and keep the rest', () => {
    const repairs = new CallRepairs()
    const limit = anthropic('max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for x', {
      max_tokens: 128000,
      top_k: 1,
    })
    const other = anthropic('top_k: Extra inputs are not permitted', {})
    const call = callOf(limit)
    for (const each of [limit, other]) {
      const planned = repairs.next(failureOf(each), repairs.apply(call), OFF)
      if (planned === undefined) throw new Error('nothing planned')
      repairs.made(planned)
    }
    expect(repairs.apply(call).body).toEqual({ max_tokens: 64000 })
    repairs.onNextRoute()
    expect(repairs.apply(call).body).toEqual({ max_tokens: 128000 })
    expect(repairs.names).toEqual(['output_limit', 'unsupported_parameter'])
  })

  it('have a row for every name', () => {
    expect(new Set<RepairName>(REPAIR_NAMES).size).toBe(9)
  })
})
