import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chatAnswers } from '../../simulator/chat-answers.ts'
import { messagesAnswers } from '../../simulator/messages-answers.ts'
import { responsesAnswers } from '../../simulator/responses-answers.ts'
import type { AnswerStep } from '../../simulator/simulated-answer.ts'
import { streamOf, typed } from '../../../test/support/watch-stream.ts'
import { parseObject } from '../json.ts'
import type { WireName } from '../wire.ts'
import { WIRES } from '../wires.ts'
import { DECODE_ANSWER } from './answer-decoders.ts'
import type { Delta } from './answer.ts'
import { callIdFor, originalCallId } from './call-ids.ts'
import { DECODE_STREAM } from './delta-decoders.ts'
import { MessagesWriter } from './messages-writer.ts'
import { ToolNames } from './tool-names.ts'
import { translateAnswer } from './translate-answer.ts'
import { translateRequest } from './translate-request.ts'
import { StreamTranslation } from './translate-stream.ts'
import { SseFramer, type SseFrame } from '../sse.ts'

const NAMES: readonly WireName[] = ['responses', 'chat-completions', 'messages']
const DIRECTIONS = NAMES.flatMap((from) => NAMES.filter((to) => to !== from).map((to) => [from, to] as const))
const WRITERS = { responses: responsesAnswers, 'chat-completions': chatAnswers, messages: messagesAnswers }
const TOLD = { id: '1', model: 'gpt-5.5', nowMs: 1_800_000_000_000, includeUsage: true }

const EMPTY = { model: 'm', stream: false, system: [], turns: [], tools: [], stop: [], includeUsage: true }
const FACTS = { createdAt: 1_800_000_000, names: new ToolNames(EMPTY), includeUsage: true }

const STEPS: readonly AnswerStep[] = [
  { kind: 'answer' },
  { kind: 'answer', toolCall: { name: 'f', arguments: '{"a":[1,{"b":"\\u00e9"}]}' } },
  { kind: 'answer', reasoningFirst: 'Because', usage: { inputTokens: 100, outputTokens: 7, cachedTokens: 60 } },
]

/** What an answer means, without the ids that every protocol writes anew. */
function meaning(wire: WireName, text: string) {
  const { parts, stop, usage } = DECODE_ANSWER[wire](parseObject(text) ?? {})
  return {
    parts: parts.map((part) =>
      part.type === 'tool_call' ? { ...part, input: JSON.parse(part.input) as unknown } : part,
    ),
    stop,
    usage,
  }
}

function framesOf(stream: string): readonly SseFrame[] {
  const framer = new SseFramer()
  const pushed = framer.push(Buffer.from(stream))
  return [...(Array.isArray(pushed) ? (pushed as SseFrame[]) : []), ...framer.finish()]
}

/** What a stream means, gathered. */
function gathered(wire: WireName, stream: string) {
  const decoder = DECODE_STREAM[wire]()
  const deltas = framesOf(stream).flatMap(({ event }) => (event === undefined ? [] : decoder.take(event)))
  return meaningOf(deltas)
}

function meaningOf(deltas: readonly Delta[]) {
  const parts = new Map<string, { type: string; id?: string; name?: string; input?: string; text?: string }>()
  let stop: string | undefined
  let usage: unknown
  for (const delta of deltas) {
    if (delta.kind === 'call') parts.set(delta.part, { type: 'tool_call', id: delta.id, name: delta.name, input: '' })
    else if (delta.kind === 'input') {
      const call = parts.get(delta.part)
      if (call !== undefined) call.input += delta.text
    } else if (delta.kind === 'text' || delta.kind === 'reasoning' || delta.kind === 'refusal') {
      const said = parts.get(delta.part) ?? { type: delta.kind, text: '' }
      parts.set(delta.part, { ...said, text: said.text + delta.text })
    } else if (delta.kind === 'stop') stop = delta.reason
    else if (delta.kind === 'usage') usage = delta.usage
  }
  const told = [...parts.values()].map(({ input, ...part }) =>
    input === undefined ? part : { ...part, input: JSON.parse(input) as unknown },
  )
  return { parts: told, stop, usage }
}

describe.each(DIRECTIONS)('an answer of %s for a caller of %s', (from, to) => {
  it.each(STEPS)('means the same, in one piece and as a stream: %j', (step) => {
    const { body, events } = WRITERS[from].good(step, TOLD)
    const original = meaning(from, JSON.stringify(body))
    const whole = translateAnswer(from, to, JSON.stringify(body), FACTS)
    expect(meaning(to, whole)).toEqual(original)
    expect(WIRES[to].bodyFailure(whole)).toBeUndefined()
    const translation = new StreamTranslation(from, to, FACTS)
    const stream = translation.push(streamOf(events)) + translation.finish()
    expect(gathered(to, stream)).toEqual(original)
    const observer = WIRES[to].observeStream()
    const meanings = framesOf(stream).map((frame) => observer.observe(frame).kind)
    expect(meanings).not.toContain('failure')
    expect(observer.end()).toBeUndefined()
  })

  it('comes out alike wherever the bytes were cut', () => {
    for (const step of STEPS) {
      const bytes = streamOf(WRITERS[from].good(step, TOLD).events)
      const whole = new StreamTranslation(from, to, FACTS)
      const expected = whole.push(bytes) + whole.finish()
      fc.assert(
        fc.property(fc.nat(bytes.length), fc.nat(bytes.length), (one, two) => {
          const [first, second] = one < two ? [one, two] : [two, one]
          const cut = new StreamTranslation(from, to, FACTS)
          const text =
            cut.push(bytes.subarray(0, first)) +
            cut.push(bytes.subarray(first, second)) +
            cut.push(bytes.subarray(second))
          expect(text + cut.finish()).toBe(expected)
        }),
        { numRuns: 20 },
      )
    }
  })

  it('has no end when the upstream had none', () => {
    const { events } = WRITERS[from].good({ kind: 'answer' }, TOLD)
    const translation = new StreamTranslation(from, to, FACTS)
    const text = translation.push(streamOf(events.slice(0, 4)))
    const observer = WIRES[to].observeStream()
    for (const frame of framesOf(text)) observer.observe(frame)
    expect(observer.end()).toBeDefined()
  })

  it('stays cut at its limit', () => {
    const { body } = WRITERS[from].incomplete({ kind: 'incomplete', reason: 'max_output_tokens' }, TOLD)
    expect(meaning(to, translateAnswer(from, to, JSON.stringify(body), FACTS)).stop).toBe('length')
  })
})

describe('calls whose pieces interleave', () => {
  it('come out as one block behind the other, whatever the order', () => {
    const piece = fc.record({ index: fc.nat(2), text: fc.constantFrom('1', '2', '3') })
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const writer = new MessagesWriter(FACTS)
        const said = ['', '', '']
        let stream = writer.write({ kind: 'start', id: 'x', model: 'm' })
        for (const index of [0, 1, 2])
          stream += writer.write({ kind: 'call', part: `p${index}`, id: `c${index}`, name: `f${index}` })
        for (const { index, text } of pieces) {
          said[index] += text
          stream += writer.write({ kind: 'input', part: `p${index}`, text })
        }
        stream += writer.finish({ stop: 'stop' })
        let open: number | undefined
        const inputs: string[] = []
        for (const { event } of framesOf(stream)) {
          const object = parseObject(event?.data ?? '')
          if (object?.['type'] === 'content_block_start') {
            expect(open).toBeUndefined()
            open = object['index'] as number
            inputs[open] = ''
          } else if (object?.['type'] === 'content_block_delta') {
            expect(object['index']).toBe(open)
            inputs[open ?? 0] += (object['delta'] as { partial_json: string }).partial_json
          } else if (object?.['type'] === 'content_block_stop') open = undefined
        }
        expect(inputs).toEqual(said)
      }),
    )
  })
})

/** A conversation with parallel calls whose results come in any order, in the Responses protocol. */
const turns = fc
  .array(fc.array(fc.stringMatching(/^[\w:.é -]{1,90}$/), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((groups) => groups.map((ids, turn) => [...new Set(ids)].map((id) => `${turn}${id}`)))
  .chain((groups) =>
    fc.tuple(
      ...groups.map((ids) => fc.shuffledSubarray(ids, { minLength: ids.length }).map((answers) => ({ ids, answers }))),
    ),
  )

describe('a request with parallel calls', () => {
  it.each(['chat-completions', 'messages'] as const)(
    'keeps every pair, in the order that %s demands, and invents nothing',
    (to) => {
      fc.assert(
        fc.property(turns, (groups) => {
          const input: unknown[] = [{ role: 'user', content: 'hello' }]
          for (const { ids, answers } of groups) {
            for (const id of ids)
              input.push({ type: 'function_call', call_id: id, name: 'f', arguments: JSON.stringify({ id }) })
            input.push({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'meanwhile' }] })
            for (const id of answers)
              input.push({ type: 'function_call_output', call_id: id, output: `result of ${id}` })
          }
          const there = translateRequest('responses', to, { model: 'm', input })
          if ('refused' in there) throw new Error(there.refused.message)
          const back = translateRequest(to, 'responses', there.body)
          if ('refused' in back) throw new Error(back.refused.message)
          const items = back.body['input'] as Array<Record<string, unknown>>
          const pairs = items.flatMap((item) =>
            item['type'] === 'function_call'
              ? [[item['call_id'], (JSON.parse(String(item['arguments'])) as { id: string }).id] as const]
              : [],
          )
          const outputs = new Map(
            items.flatMap((item) =>
              item['type'] === 'function_call_output' ? [[item['call_id'], item['output']] as const] : [],
            ),
          )
          expect(pairs.map(([, id]) => id)).toEqual(groups.flatMap(({ ids }) => ids))
          expect(outputs.size).toBe(pairs.length)
          expect(items.filter(({ type }) => type === 'function_call_output')).toHaveLength(pairs.length)
          for (const [callId, id] of pairs) expect(outputs.get(callId)).toBe(`result of ${id}`)
        }),
        { numRuns: 60 },
      )
    },
  )

  it('leaves a call without its result alone', () => {
    const told = translateRequest('responses', 'chat-completions', {
      model: 'm',
      input: [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '' }],
    })
    expect(told).toMatchObject({
      body: { messages: [{ role: 'assistant', tool_calls: [{ id: 'c', function: { arguments: '{}' } }] }] },
    })
  })
})

describe('ids and names', () => {
  it('come back as they were when they fit after escaping, and pair always', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), fc.constantFrom('common', 'nine'), (id, form) => {
        const told = callIdFor(id, form as 'common' | 'nine')
        expect(told).toBe(callIdFor(id, form as 'common' | 'nine'))
        expect(told).toMatch(form === 'nine' ? /^[a-zA-Z0-9]{9}$/ : /^[a-zA-Z0-9_-]{1,64}$/)
        if (told.startsWith('skid_')) expect(originalCallId(told)).toBe(Buffer.from(id).toString())
      }),
    )
  })

  it('keep namespaces and custom tools apart, and find the way back', () => {
    const told = translateRequest('responses', 'messages', {
      model: 'm',
      input: 'hello',
      tools: [
        {
          type: 'namespace',
          name: 'agents',
          tools: [{ type: 'function', name: 'spawn', parameters: { type: 'object' } }],
        },
        { type: 'function', name: 'agents__spawn', parameters: { type: 'object' } },
        { type: 'custom', name: 'apply_patch', description: 'Patches' },
        { type: 'function', name: 'x'.repeat(100), parameters: { type: 'object' } },
        { type: 'web_search' },
      ],
    })
    if ('refused' in told) throw new Error(told.refused.message)
    const tools = told.body['tools'] as Array<{ name: string }>
    expect(new Set(tools.map(({ name }) => name)).size).toBe(4)
    expect(tools.map(({ name }) => told.names.callersTool(name))).toEqual([
      { name: 'spawn', namespace: 'agents', custom: false },
      { name: 'agents__spawn', custom: false },
      { name: 'apply_patch', custom: true },
      { name: 'x'.repeat(100), custom: false },
    ])
    expect(told.dropped).toEqual(['tools.web_search'])
    const answer = {
      id: '1',
      content: [{ type: 'tool_use', id: 't', name: 'apply_patch', input: { input: '*** Begin' } }],
      stop_reason: 'tool_use',
    }
    const back = translateAnswer('messages', 'responses', JSON.stringify(answer), { createdAt: 0, names: told.names })
    expect(JSON.parse(back)).toMatchObject({
      output: [{ type: 'custom_tool_call', name: 'apply_patch', input: '*** Begin' }],
      status: 'completed',
      usage: null,
    })
  })

  it('read Responses items that came without deltas', () => {
    const item = { id: 'fc', type: 'function_call', call_id: 'c', name: 'f', arguments: '{"a":1}' }
    const events = typed(
      { type: 'response.created', response: { id: 'resp_1', model: 'm' } },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: { id: 'resp_1', status: 'completed', output: [item] } },
    )
    const translation = new StreamTranslation('responses', 'chat-completions', FACTS)
    expect(gathered('chat-completions', translation.push(streamOf(events)))).toMatchObject({
      parts: [{ type: 'tool_call', id: 'c', name: 'f', input: { a: 1 } }],
      stop: 'tool_calls',
    })
  })
})
