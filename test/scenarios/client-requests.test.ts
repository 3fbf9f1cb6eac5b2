import Anthropic from '@anthropic-ai/sdk'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, jsonSchema, tool } from 'ai'
import OpenAi from 'openai-v7'
import { describe, expect, it } from 'vitest'
import { parseObject, type JsonObject } from '../../src/wire/json.ts'
import { decodeChatRequest } from '../../src/wire/translate/chat-decode-request.ts'
import { decodeMessagesRequest } from '../../src/wire/translate/messages-decode-request.ts'
import { decodeResponsesRequest } from '../../src/wire/translate/responses-decode-request.ts'
import { LossReport } from '../../src/wire/translate/loss-report.ts'
import { translateRequest } from '../../src/wire/translate/translate-request.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { meaningOf } from '../support/canonical-conversations.ts'

/** Requests as real clients write them, through the codecs there and back. */

const WIRES: readonly WireName[] = ['responses', 'chat-completions', 'messages']
const DECODE = {
  responses: decodeResponsesRequest,
  'chat-completions': decodeChatRequest,
  messages: decodeMessagesRequest,
}

/** What a client sends when it is used like this; it never gets an answer. */
async function sentBy(use: (fetch: typeof globalThis.fetch) => Promise<unknown>): Promise<JsonObject> {
  let sent: JsonObject | undefined
  await use(async (input, init) => {
    sent = parseObject(await new Request(input, init).text())
    return Response.json({ error: { message: 'enough', type: 'invalid_request_error' } }, { status: 400 })
  }).catch(() => undefined)
  if (sent === undefined) throw new Error('the client has sent nothing')
  return sent
}

const PNG = 'iVBORw0KGgo='
const SCHEMA = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
  additionalProperties: false,
}
const NONE = { apiKey: 'unused', maxRetries: 0 }

const responsesSdk = () =>
  sentBy((fetch) =>
    new OpenAi({ ...NONE, fetch }).responses.create({
      model: 'm',
      stream: true,
      instructions: 'be brief',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'where?' },
            { type: 'input_image', image_url: `data:image/png;base64,${PNG}`, detail: 'auto' },
          ],
        },
        { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Bern"}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'rain' },
      ],
      tools: [{ type: 'function', name: 'weather', parameters: SCHEMA, strict: false }],
      tool_choice: 'required',
      reasoning: { effort: 'high' },
      max_output_tokens: 50,
      text: { format: { type: 'json_schema', name: 'answer', schema: SCHEMA, strict: false } },
    }),
  )

const chatSdk = () =>
  sentBy((fetch) =>
    new OpenAi({ ...NONE, fetch }).chat.completions.create({
      model: 'm',
      messages: [
        { role: 'system', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'where?' },
            { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
        { role: 'user', content: 'and?' },
      ],
      tools: [{ type: 'function', function: { name: 'weather', parameters: SCHEMA } }],
      parallel_tool_calls: false,
      tool_choice: 'auto',
      max_completion_tokens: 50,
    }),
  )

const messagesSdk = () =>
  sentBy((fetch) =>
    new Anthropic({ ...NONE, fetch }).messages.create({
      model: 'm',
      max_tokens: 50,
      system: [{ type: 'text', text: 'be brief' }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'where?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'looking' },
            { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bern' } },
          ],
        },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'rain' }] }],
        },
      ],
      tools: [{ name: 'weather', input_schema: SCHEMA }],
      tool_choice: { type: 'tool', name: 'weather' },
    }),
  )

const aiSdk = (model: (fetch: typeof globalThis.fetch) => Parameters<typeof generateText>[0]['model']) => () =>
  sentBy((fetch) =>
    generateText({
      model: model(fetch),
      maxRetries: 0,
      maxOutputTokens: 50,
      system: 'be brief',
      messages: [
        { role: 'user', content: 'where?' },
        {
          role: 'assistant',
          content: [{ type: 'tool-call', toolCallId: 'call_1', toolName: 'weather', input: { city: 'Bern' } }],
        },
        {
          role: 'tool',
          content: [
            { type: 'tool-result', toolCallId: 'call_1', toolName: 'weather', output: { type: 'text', value: 'rain' } },
          ],
        },
      ],
      tools: { weather: tool({ description: 'The weather', inputSchema: jsonSchema(SCHEMA) }) },
      toolChoice: 'auto',
    }),
  )

/** As captured from Codex CLI 0.169.0, cut short. */
const codex = (): Promise<JsonObject> =>
  Promise.resolve({
    model: 'm',
    stream: true,
    store: false,
    include: ['reasoning.encrypted_content'],
    input: [
      {
        type: 'message',
        id: 'msg_1',
        role: 'developer',
        content: [{ type: 'input_text', text: 'You are a coding agent' }],
      },
      { type: 'message', id: 'msg_2', role: 'user', content: [{ type: 'input_text', text: 'fix it' }] },
      { type: 'function_call', call_id: 'call_1', name: 'shell', arguments: '{"command":["ls"]}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'a.ts' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'done' }] },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'go on' }] },
    ],
    tools: [{ type: 'function', name: 'shell', description: 'Runs', parameters: SCHEMA, strict: false }],
    tool_choice: 'auto',
    parallel_tool_calls: true,
    max_output_tokens: 50,
    prompt_cache_key: 'thread-1',
    client_metadata: { session_id: 's' },
  })

/** As captured from Claude Code 2.1.330, cut short. */
const claudeCode = (): Promise<JsonObject> =>
  Promise.resolve({
    model: 'm',
    stream: true,
    max_tokens: 64_000,
    system: [{ type: 'text', text: 'You are a coding agent', cache_control: { type: 'ephemeral' } }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'fix it', cache_control: { type: 'ephemeral' } }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls' } }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'a.ts' },
          { type: 'text', text: 'go on' },
        ],
      },
    ],
    tools: [
      {
        name: 'Bash',
        description: 'Runs',
        input_schema: { $schema: 'http://json-schema.org/draft-07/schema#', ...SCHEMA },
      },
    ],
    metadata: { user_id: '{"device_id":"d"}' },
    thinking: { type: 'adaptive' },
    output_config: { effort: 'high' },
    context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  })

const CLIENTS: ReadonlyArray<readonly [name: string, wire: WireName, send: () => Promise<JsonObject>]> = [
  ['the OpenAI SDK (Responses)', 'responses', responsesSdk],
  ['the OpenAI SDK (Chat)', 'chat-completions', chatSdk],
  ['the Anthropic SDK', 'messages', messagesSdk],
  ['the AI SDK (Responses)', 'responses', aiSdk((fetch) => createOpenAI({ apiKey: 'unused', fetch }).responses('m'))],
  ['the AI SDK (Chat)', 'chat-completions', aiSdk((fetch) => createOpenAI({ apiKey: 'unused', fetch }).chat('m'))],
  ['the AI SDK (Messages)', 'messages', aiSdk((fetch) => createAnthropic({ apiKey: 'unused', fetch })('m'))],
  ['Codex', 'responses', codex],
  ['Claude Code', 'messages', claudeCode],
]

/** Marks of a schema's dialect are left out on the way to Messages, which refuses them. */
function plain(wire: WireName, body: JsonObject) {
  const { cacheKey: _, ...meaning } = meaningOf(DECODE[wire](body, new LossReport()))
  const tools = meaning.tools.map(({ schema: { $schema: __, ...schema }, ...each }) => ({ ...each, schema }))
  return { ...meaning, tools }
}

describe.each(CLIENTS)('a request of %s', (_, wire, send) => {
  it('means the same in every other protocol and on the way back', async () => {
    const sent = await send()
    const original = plain(wire, sent)
    // Something was understood at all.
    expect(original.turns.length).toBeGreaterThanOrEqual(3)
    expect(original.tools).toHaveLength(1)
    expect(original.maxTokens).toBeGreaterThan(0)
    expect(JSON.stringify(original.turns)).toMatch(/"type":"tool_call".*"type":"tool_result"/)
    for (const to of WIRES) {
      if (to === wire) continue
      const there = translateRequest(wire, to, sent)
      if ('refused' in there) throw new Error(`${to}: ${there.refused.message}`)
      expect(plain(to, there.body)).toEqual(original)
      const back = translateRequest(to, wire, there.body)
      if ('refused' in back) throw new Error(`${wire}: ${back.refused.message}`)
      expect(plain(wire, back.body)).toEqual(original)
    }
  })
})
