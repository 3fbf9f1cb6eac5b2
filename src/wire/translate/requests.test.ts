import { describe, expect, it } from 'vitest'
import type { WireName } from '../wire.ts'
import { translateRequest } from './translate-request.ts'

/** Word for word: how each protocol says the same thing. */

type Body = Readonly<Record<string, unknown>>
const SAYINGS = ['responses', 'chat-completions', 'messages'] as const

function said(from: WireName, to: WireName, body: Body) {
  const told = translateRequest(from, to, { model: 'm', ...body })
  return 'refused' in told ? told : { ...told.body, dropped: told.dropped }
}

/** One thing in all three protocols; `undefined` where it cannot be said. */
interface Saying {
  readonly name: string
  readonly responses: Body
  readonly 'chat-completions': Body
  readonly messages: Body
}

const user = (content: unknown) => ({ role: 'user', content })
const spoken = (content: unknown) => ({ type: 'message', role: 'user', content })
const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
const PNG = 'data:image/png;base64,iVBORw0KGgo='
const PDF = 'data:application/pdf;base64,JVBERi0='
const TOOLS = {
  responses: [{ type: 'function', name: 'f', parameters: schema, strict: false }],
  'chat-completions': [{ type: 'function', function: { name: 'f', parameters: schema } }],
  messages: [{ name: 'f', input_schema: schema }],
} as const

const BOTH_WAYS: readonly Saying[] = [
  {
    name: 'an image as data',
    responses: { input: [spoken([{ type: 'input_image', image_url: PNG, detail: 'auto' }])] },
    'chat-completions': { messages: [user([{ type: 'image_url', image_url: { url: PNG } }])] },
    messages: {
      messages: [user([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }])],
    },
  },
  {
    name: 'an image at an address',
    responses: { input: [spoken([{ type: 'input_image', image_url: 'https://x/a.png', detail: 'auto' }])] },
    'chat-completions': { messages: [user([{ type: 'image_url', image_url: { url: 'https://x/a.png' } }])] },
    messages: { messages: [user([{ type: 'image', source: { type: 'url', url: 'https://x/a.png' } }])] },
  },
  {
    name: 'a file',
    responses: { input: [spoken([{ type: 'input_file', file_data: PDF, filename: 'a.pdf' }])] },
    'chat-completions': { messages: [user([{ type: 'file', file: { file_data: PDF, filename: 'a.pdf' } }])] },
    messages: {
      messages: [
        user([
          {
            type: 'document',
            title: 'a.pdf',
            source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
          },
        ]),
      ],
    },
  },
  {
    name: 'a schema for the answer',
    responses: { text: { format: { type: 'json_schema', name: 'answer', schema, strict: false } } },
    'chat-completions': {
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: false } },
    },
    messages: { output_config: { format: { type: 'json_schema', schema } } },
  },
  ...(['low', 'medium', 'high', 'xhigh'] as const).map((effort) => ({
    name: `an effort of ${effort}`,
    responses: { reasoning: { effort } },
    'chat-completions': { reasoning_effort: effort },
    messages: { thinking: { type: 'adaptive' }, output_config: { effort } },
  })),
  ...(
    [
      ['auto', 'auto', { type: 'auto' }],
      ['required', 'required', { type: 'any' }],
      ['none', 'none', { type: 'none' }],
    ] as const
  ).map(([responses, chat, messages]) => ({
    name: `a tool choice of ${responses}`,
    responses: { tools: TOOLS.responses, tool_choice: responses },
    'chat-completions': { tools: TOOLS['chat-completions'], tool_choice: chat },
    messages: { tools: TOOLS.messages, tool_choice: messages },
  })),
  {
    name: 'a tool that must be called, and no other beside it',
    responses: { tools: TOOLS.responses, tool_choice: { type: 'function', name: 'f' }, parallel_tool_calls: false },
    'chat-completions': {
      tools: TOOLS['chat-completions'],
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
    },
    messages: { tools: TOOLS.messages, tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true } },
  },
  {
    name: 'one call at a time',
    responses: { tools: TOOLS.responses, tool_choice: 'auto', parallel_tool_calls: false },
    'chat-completions': { tools: TOOLS['chat-completions'], tool_choice: 'auto', parallel_tool_calls: false },
    messages: { tools: TOOLS.messages, tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
  },
  {
    name: 'limits and sampling',
    responses: { max_output_tokens: 5, temperature: 0.5, top_p: 0.25 },
    'chat-completions': { max_tokens: 5, temperature: 0.5, top_p: 0.25 },
    messages: { max_tokens: 5, temperature: 0.5, top_p: 0.25 },
  },
]
const PAIRS = SAYINGS.flatMap((from) => SAYINGS.filter((to) => to !== from).map((to) => [from, to] as const))

describe.each(PAIRS)('%s in %s', (from, to) => {
  it.each(BOTH_WAYS)('$name', (saying) => {
    const told = said(from, to, saying[from])
    expect(told).toMatchObject({ ...saying[to], dropped: [] })
    // Nothing is said that nobody asked for.
    const ours = ['model', 'stream', 'store', 'input', 'messages', 'max_tokens', 'dropped', ...Object.keys(saying[to])]
    expect(Object.keys(told).filter((key) => !ours.includes(key))).toEqual([])
  })
})

describe('what is said otherwise', () => {
  it('the greatest effort is the greatest that OpenAI knows; the smallest turns thinking off', () => {
    const max = { output_config: { effort: 'max' } }
    expect(said('messages', 'responses', max)).toMatchObject({ reasoning: { effort: 'xhigh' } })
    expect(said('messages', 'chat-completions', max)).toMatchObject({ reasoning_effort: 'xhigh' })
    for (const effort of ['none', 'minimal']) {
      const told = said('responses', 'messages', { reasoning: { effort } })
      expect(told).toMatchObject({ thinking: { type: 'disabled' } })
      expect(told).not.toHaveProperty('output_config')
    }
  })

  it.each([
    [1_024, 'low'],
    [4_096, 'low'],
    [4_097, 'medium'],
    [16_384, 'medium'],
    [16_385, 'high'],
  ])('a budget of %i is an effort of %s', (budget, effort) => {
    const body = { thinking: { type: 'enabled', budget_tokens: budget } }
    expect(said('messages', 'chat-completions', body)).toMatchObject({ reasoning_effort: effort })
  })

  it('JSON without a schema, where there is a word for it', () => {
    expect(said('chat-completions', 'responses', { response_format: { type: 'json_object' } })).toMatchObject({
      text: { format: { type: 'json_object' } },
    })
    expect(said('responses', 'messages', { text: { format: { type: 'json_object' } } })).toMatchObject({
      refused: { parameter: 'response_format' },
    })
  })

  it('a text file stands in a Messages request as text, and an image of a strange kind nowhere', () => {
    const file = {
      type: 'input_file',
      file_data: `data:text/plain;base64,${Buffer.from('hi').toString('base64')}`,
      filename: 'a.txt',
    }
    expect(said('responses', 'messages', { input: [spoken([file])] })).toMatchObject({
      messages: [user([{ type: 'document', title: 'a.txt', source: { type: 'text', data: 'hi' } }])],
    })
    const image = { type: 'input_image', image_url: 'data:image/bmp;base64,AAAA' }
    expect(said('responses', 'messages', { input: [spoken([image])] })).toMatchObject({
      refused: { parameter: 'image' },
    })
  })

  it('an image that a tool showed stands behind the results in Chat Completions, and in them elsewhere', () => {
    const shown = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
    const messages = [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] },
      user([
        { type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: 'see' }, shown] },
        { type: 'text', text: 'well?' },
      ]),
    ]
    expect(said('messages', 'chat-completions', { messages })).toMatchObject({
      messages: [
        { role: 'assistant' },
        { role: 'tool', tool_call_id: 'c', content: expect.stringContaining('see') as string },
        user([{ type: 'image_url' }, { type: 'text', text: 'well?' }]),
      ],
    })
    expect(said('messages', 'responses', { messages })).toMatchObject({
      input: [
        { type: 'function_call' },
        { call_id: 'c', output: [{ type: 'input_text' }, { type: 'input_image' }] },
        {},
      ],
    })
  })

  it('a tool that failed is told in words, or by its mark', () => {
    const messages = [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] },
      user([{ type: 'tool_result', tool_use_id: 'c', content: 'no', is_error: true }]),
    ]
    expect(said('messages', 'chat-completions', { messages })).toMatchObject({
      messages: [{}, { content: 'Error: no' }],
    })
    expect(said('messages', 'responses', { messages })).toMatchObject({ input: [{}, { output: 'Error: no' }] })
  })

  it.each<[WireName, Body, string]>([
    ['responses', { input: [spoken([{ type: 'input_image', file_id: 'file_1' }])] }, 'input_image.file_id'],
    ['responses', { tool_choice: { type: 'web_search' }, tools: [] }, 'tool_choice'],
    ['chat-completions', { messages: [user([{ type: 'input_audio', input_audio: {} }])] }, 'content.input_audio'],
    [
      'messages',
      { messages: [user([{ type: 'image', source: { type: 'file', file_id: 'f' } }])] },
      'image.source.file',
    ],
    ['messages', { messages: [user([{ type: 'mcp_tool_use' }])] }, 'content.mcp_tool_use'],
  ])('cannot be said at all: %s %j', (from, body, parameter) => {
    for (const to of SAYINGS) if (to !== from) expect(said(from, to, body)).toMatchObject({ refused: { parameter } })
  })
})
