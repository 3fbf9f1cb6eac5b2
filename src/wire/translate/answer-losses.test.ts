import { describe, expect, it } from 'vitest'
import { streamOf, typed } from '../../../test/support/watch-stream.ts'
import type { WireName } from '../wire.ts'
import { LossReport } from './loss-report.ts'
import { ToolNames } from './tool-names.ts'
import { translateAnswer } from './translate-answer.ts'
import { StreamTranslation } from './translate-stream.ts'

const EMPTY = { model: 'm', stream: false, system: [], turns: [], tools: [], stop: [], includeUsage: true }
const FACTS = { createdAt: 1_800_000_000, names: new ToolNames(EMPTY), includeUsage: true }

function whole(from: WireName, to: WireName, body: unknown) {
  const report = new LossReport()
  const text = translateAnswer(from, to, JSON.stringify(body), FACTS, report)
  return { answer: JSON.parse(text) as Record<string, unknown>, lost: report.dropped }
}

function streamed(from: WireName, to: WireName, events: Parameters<typeof streamOf>[0]) {
  const report = new LossReport()
  const translation = new StreamTranslation(from, to, FACTS, report)
  const text = translation.push(streamOf(events)) + translation.finish()
  return { text, lost: report.dropped }
}

describe('what no other protocol has a place for is named', () => {
  const annotated = { type: 'output_text', text: 'yes', annotations: [{ type: 'url_citation', url: 'https://x' }] }
  const items = [
    { type: 'web_search_call', id: 'ws_1', status: 'completed' },
    { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
    { type: 'message', role: 'assistant', content: [annotated] },
  ]
  const RESPONSES = ['output.web_search_call', 'output.reasoning.encrypted_content', 'output.annotations']

  it.each(['chat-completions', 'messages'] as const)('Responses to %s', (to) => {
    expect(whole('responses', to, { id: 'resp_1', status: 'completed', output: items }).lost).toEqual(RESPONSES)
    const events = typed(
      { type: 'response.created', response: { id: 'resp_1', model: 'm' } },
      ...items.map((item, output_index) => ({ type: 'response.output_item.done', output_index, item })),
      { type: 'response.completed', response: { id: 'resp_1', status: 'completed', output: items } },
    )
    expect(streamed('responses', to, events).lost).toEqual(RESPONSES)
  })

  const blocks = [
    { type: 'thinking', thinking: 'hm', signature: 'EaBc' },
    { type: 'server_tool_use', id: 'srv_1', name: 'web_search', input: { query: 'x' } },
    { type: 'web_search_tool_result', tool_use_id: 'srv_1', content: [] },
    { type: 'text', text: 'yes', citations: [{ type: 'web_search_result_location' }] },
  ]
  const MESSAGES = [
    'content.thinking.signature',
    'content.server_tool_use',
    'content.web_search_tool_result',
    'content.citations',
  ]

  it.each(['chat-completions', 'responses'] as const)('Messages to %s', (to) => {
    expect(whole('messages', to, { id: 'msg_1', content: blocks, stop_reason: 'end_turn' }).lost).toEqual(MESSAGES)
  })

  it.each(['responses', 'messages'] as const)('Chat Completions to %s', (to) => {
    const message = { role: 'assistant', content: 'yes', annotations: [{ type: 'url_citation' }], audio: { id: 'a' } }
    const choices = [{ index: 0, message, finish_reason: 'stop' }]
    expect(whole('chat-completions', to, { id: 'c', choices }).lost).toEqual(['message.annotations', 'message.audio'])
    const delta = { content: 'yes', annotations: [{ type: 'url_citation' }] }
    const events = [
      { data: JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason: 'stop' }] }) },
      { data: '[DONE]' },
    ]
    expect(streamed('chat-completions', to, events).lost).toEqual(['message.annotations'])
  })

  it.each(['chat-completions', 'responses'] as const)(
    "and the input of a hosted tool is nobody else's, streamed to %s",
    (to) => {
      const events = typed(
        { type: 'message_start', message: { id: 'msg_1', model: 'm' } },
        { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } },
        { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
        { type: 'content_block_stop', index: 0 },
        {
          type: 'content_block_start',
          index: 1,
          content_block: { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
        },
        { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"query":"x"}' } },
        { type: 'content_block_stop', index: 1 },
        { type: 'content_block_start', index: 2, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 2, delta: { type: 'citations_delta', citation: {} } },
        { type: 'content_block_delta', index: 2, delta: { type: 'text_delta', text: 'yes' } },
        { type: 'content_block_stop', index: 2 },
        { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
        { type: 'message_stop' },
      )
      const { text, lost } = streamed('messages', to, events)
      expect(text).not.toContain('query')
      expect(text).toContain('yes')
      expect(lost).toEqual(['content.server_tool_use', 'content.citations'])
    },
  )

  it('in short and plain words, and not for ever', () => {
    const output = Array.from({ length: 100 }, (_, index) => ({ type: `call_${index}` }))
    expect(whole('responses', 'messages', { output }).lost).toHaveLength(40)
    expect(whole('responses', 'messages', { output: [{ type: 'a\nb' }] }).lost).toEqual(['output.unknown'])
  })

  it('while nothing is lost of what has its place', () => {
    const output = [{ type: 'message', content: [{ type: 'output_text', text: 'yes', annotations: [] }] }]
    expect(whole('responses', 'messages', { output }).lost).toEqual([])
  })
})

describe('an answer that a filter broke off', () => {
  const said = { index: 0, message: { role: 'assistant', content: 'Once upon' }, finish_reason: 'content_filter' }
  const INCOMPLETE = { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }

  it('keeps its mark for a Responses caller, in one piece and as a stream', () => {
    expect(whole('chat-completions', 'responses', { id: 'c', choices: [said] }).answer).toMatchObject(INCOMPLETE)
    const events = [
      { data: JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content: 'Once upon' } }] }) },
      { data: JSON.stringify({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'content_filter' }] }) },
      { data: '[DONE]' },
    ]
    const { text } = streamed('chat-completions', 'responses', events)
    const last = text.trim().split('\n\n').at(-1) ?? ''
    expect(last).toMatch(/^event: response\.incomplete\n/)
    expect(JSON.parse(last.slice(last.indexOf('data: ') + 6))).toMatchObject({ response: INCOMPLETE })
    const blocks = [{ type: 'text', text: 'Once upon' }]
    expect(whole('messages', 'responses', { content: blocks, stop_reason: 'refusal' }).answer).toMatchObject(INCOMPLETE)
  })

  it('is complete when it refused in words', () => {
    const message = { role: 'assistant', content: null, refusal: 'I cannot' }
    const choices = [{ index: 0, message, finish_reason: 'content_filter' }]
    expect(whole('chat-completions', 'responses', { choices }).answer).toMatchObject({
      status: 'completed',
      incomplete_details: null,
    })
  })

  it('comes back from Responses as what it was', () => {
    const there = whole('chat-completions', 'responses', { id: 'c', choices: [said] }).answer
    expect(whole('responses', 'chat-completions', there).answer).toMatchObject({
      choices: [{ finish_reason: 'content_filter' }],
    })
    expect(whole('responses', 'messages', there).answer).toMatchObject({ stop_reason: 'refusal' })
  })
})
