import { expect } from 'vitest'
import { parseObject, type JsonObject } from '../../src/wire/json.ts'
import { DECODE_ANSWER } from '../../src/wire/translate/answer-decoders.ts'
import type { Delta } from '../../src/wire/translate/answer.ts'
import { DECODE_STREAM } from '../../src/wire/translate/delta-decoders.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { ask, type Reading } from './client.ts'
import { framesOf } from './watch-stream.ts'

export interface AgentCall {
  readonly id: string
  readonly name: string
  readonly input: string
}

export interface AgentTurn {
  readonly reading: Reading
  readonly text: string
  readonly calls: readonly AgentCall[]
}

const SCHEMA = { type: 'object', properties: { n: { type: 'number' } } }

/** A program that calls tools, in one protocol: it keeps its history itself and runs every tool that it is asked to run. */
export class AgentSession {
  readonly #wire: WireName
  readonly #stream: boolean
  readonly #tools: readonly string[]
  readonly #run: (call: AgentCall) => string
  readonly #ask: (body: Record<string, unknown>) => Promise<Reading>
  readonly #history: JsonObject[]

  constructor(given: {
    readonly wire: WireName
    readonly stream: boolean
    readonly task: string
    readonly tools: readonly string[]
    readonly run: (call: AgentCall) => string
    readonly url: string
    readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  }) {
    this.#wire = given.wire
    this.#stream = given.stream
    this.#tools = given.tools
    this.#run = given.run
    const headers = { 'x-sparekey-session': 'agent' }
    const own = given.fetch === undefined ? {} : { fetch: given.fetch }
    this.#ask = (body) => ask(given.url, given.wire, given.stream, { body, headers, ...own })
    this.#history = [{ role: 'user', content: given.task }]
  }

  /** One call to the model; then every tool that it wants is run, once. */
  async turn(): Promise<AgentTurn> {
    const member = this.#wire === 'responses' ? 'input' : 'messages'
    const limit = this.#wire === 'messages' ? { max_tokens: 500 } : {}
    const tools = this.#tools.map((name) => this.#tool(name))
    const reading = await this.#ask({
      model: 'gpt-5.5',
      stream: this.#stream,
      ...limit,
      tools,
      [member]: [...this.#history],
    })
    expect(reading.status, reading.text).toBe(200)
    const { text, calls } = this.#stream ? streamed(this.#wire, reading.text) : whole(this.#wire, reading.text)
    this.#history.push(
      ...said(this.#wire, text, calls),
      ...results(
        this.#wire,
        calls.map((call) => [call.id, this.#run(call)]),
      ),
    )
    return { reading, text, calls }
  }

  #tool(name: string): JsonObject {
    if (this.#wire === 'responses') return { type: 'function', name, parameters: SCHEMA, strict: false }
    if (this.#wire === 'messages') return { name, input_schema: SCHEMA }
    return { type: 'function', function: { name, parameters: SCHEMA } }
  }
}

function whole(wire: WireName, text: string) {
  const { parts } = DECODE_ANSWER[wire](parseObject(text) ?? {})
  return {
    text: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(''),
    calls: parts.flatMap((part) =>
      part.type === 'tool_call' ? [{ id: part.id, name: part.name, input: part.input }] : [],
    ),
  }
}

function streamed(wire: WireName, body: string) {
  const decoder = DECODE_STREAM[wire]()
  const deltas = framesOf(Buffer.from(body)).flatMap(({ event }): readonly Delta[] =>
    event === undefined ? [] : decoder.take(event),
  )
  expect(deltas.at(-1)?.kind).toBe('end')
  const calls = new Map<string, AgentCall>()
  let text = ''
  for (const delta of deltas) {
    if (delta.kind === 'text') text += delta.text
    else if (delta.kind === 'call') calls.set(delta.part, { id: delta.id, name: delta.name, input: '' })
    else if (delta.kind === 'input') {
      const call = calls.get(delta.part)
      if (call !== undefined) calls.set(delta.part, { ...call, input: call.input + delta.text })
    }
  }
  return { text, calls: [...calls.values()] }
}

function said(wire: WireName, text: string, calls: readonly AgentCall[]): readonly JsonObject[] {
  if (wire === 'responses')
    return [
      ...(text === '' ? [] : [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }]),
      ...calls.map(({ id, name, input }) => ({ type: 'function_call', call_id: id, name, arguments: input })),
    ]
  if (wire === 'messages')
    return [
      {
        role: 'assistant',
        content: [
          ...(text === '' ? [] : [{ type: 'text', text }]),
          ...calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input: parseObject(input) ?? {} })),
        ],
      },
    ]
  const told = calls.map(({ id, name, input }) => ({ id, type: 'function', function: { name, arguments: input } }))
  return [{ role: 'assistant', content: text === '' ? null : text, ...(told.length === 0 ? {} : { tool_calls: told }) }]
}

function results(wire: WireName, given: ReadonlyArray<readonly [id: string, output: string]>): readonly JsonObject[] {
  if (given.length === 0) return []
  if (wire === 'responses') return given.map(([id, output]) => ({ type: 'function_call_output', call_id: id, output }))
  if (wire === 'chat-completions') return given.map(([id, content]) => ({ role: 'tool', tool_call_id: id, content }))
  return [{ role: 'user', content: given.map(([id, content]) => ({ type: 'tool_result', tool_use_id: id, content })) }]
}
