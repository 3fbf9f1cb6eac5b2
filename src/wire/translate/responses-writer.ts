import { encodeSse } from '../sse.ts'
import type { AnswerEnd, ToldDelta } from './answer.ts'
import { callIdFor } from './call-ids.ts'
import { type ItemFacts, responseItem, responseObject } from './response-items.ts'
import type { StreamFacts } from './stream-facts.ts'
import { inputAsJson, inputAsText } from './tool-input.ts'

type Said = 'text' | 'refusal' | 'reasoning'

interface OpenItem {
  readonly index: number
  readonly id: string
  readonly kind: Said | 'call'
  readonly callId: string
  readonly name: string
  text: string
}

const DELTAS = {
  text: 'response.output_text.delta',
  refusal: 'response.refusal.delta',
  reasoning: 'response.reasoning_summary_text.delta',
} as const
const DONES = {
  text: 'response.output_text.done',
  refusal: 'response.refusal.done',
  reasoning: 'response.reasoning_summary_text.done',
} as const

/** Writes a Responses stream with complete items at their end. */
export class ResponsesWriter {
  readonly #facts: StreamFacts
  readonly #open = new Map<string, OpenItem>()
  readonly #output: unknown[] = []
  #items = 0
  #sequence = 0
  #id = ''
  #model = ''

  constructor(facts: StreamFacts) {
    this.#facts = facts
  }

  write(delta: ToldDelta): string {
    switch (delta.kind) {
      case 'start': {
        this.#id = this.#facts.answerId ?? delta.id
        this.#model = delta.model
        const response = {
          ...responseObject({ id: this.#id, model: this.#model, stop: 'stop' }, [], this.#facts.createdAt),
          status: 'in_progress',
        }
        return this.#event('response.created', { response }) + this.#event('response.in_progress', { response })
      }
      case 'text':
      case 'refusal':
      case 'reasoning':
        return this.#said(delta.kind, delta.part, delta.text)
      case 'call':
        return this.#closeTexts() + this.#begin(delta.part, 'call', callIdFor(delta.id, 'common'), delta.name)
      case 'input': {
        const item = this.#open.get(delta.part)
        if (item === undefined) return ''
        item.text += delta.text
        // Free text stands wrapped in JSON until it is whole.
        if (this.#facts.names.callersTool(item.name).custom) return ''
        return this.#event('response.function_call_arguments.delta', {
          ...placeOf(this.#facts, item),
          delta: delta.text,
        })
      }
      case 'close':
        return this.#close(delta.part)
    }
  }

  finish(end: AnswerEnd): string {
    let text = ''
    for (const part of this.#open.keys()) text += this.#close(part)
    const response = responseObject({ id: this.#id, model: this.#model, ...end }, this.#output, this.#facts.createdAt)
    return text + this.#event(`response.${String(response['status'])}`, { response })
  }

  #said(kind: Said, part: string, text: string): string {
    let begun = ''
    if (!this.#open.has(part)) begun = this.#closeTexts() + this.#begin(part, kind, '', '')
    const item = this.#open.get(part)
    if (item === undefined) return begun
    item.text += text
    return begun + this.#event(DELTAS[kind], { ...placeOf(this.#facts, item), ...inside(kind), delta: text })
  }

  #begin(part: string, kind: OpenItem['kind'], callId: string, name: string): string {
    const index = this.#items
    this.#items += 1
    const item: OpenItem = { index, id: `${this.#id}_${index}`, kind, callId, name, text: '' }
    this.#open.set(part, item)
    const full = responseItem(factsOf(this.#facts, item, 'in_progress'), 'in_progress')
    const empty = kind === 'call' ? full : { ...full, [kind === 'reasoning' ? 'summary' : 'content']: [] }
    const added = this.#event('response.output_item.added', { output_index: index, item: empty })
    if (kind === 'call') return added
    return (
      added +
      this.#event(partEvent(kind, 'added'), { ...placeOf(this.#facts, item), ...inside(kind), part: partOf(kind, '') })
    )
  }

  #close(part: string): string {
    const item = this.#open.get(part)
    if (item === undefined) return ''
    this.#open.delete(part)
    const { kind } = item
    const done = responseItem(factsOf(this.#facts, item))
    this.#output[item.index] = done
    const place = placeOf(this.#facts, item)
    let text = ''
    if (kind !== 'call') {
      text = this.#event(DONES[kind], {
        ...place,
        ...inside(kind),
        [kind === 'refusal' ? 'refusal' : 'text']: item.text,
      })
      text += this.#event(partEvent(kind, 'done'), { ...place, ...inside(kind), part: partOf(kind, item.text) })
    } else if ('arguments' in done)
      text = this.#event('response.function_call_arguments.done', {
        ...place,
        name: done['name'],
        arguments: done['arguments'],
      })
    else text = this.#event('response.custom_tool_call_input.done', { ...place, input: done['input'] })
    return text + this.#event('response.output_item.done', { output_index: item.index, item: done })
  }

  /** Words end where something else begins; calls may stand open beside each other. */
  #closeTexts(): string {
    let text = ''
    for (const [part, { kind }] of this.#open) if (kind !== 'call') text += this.#close(part)
    return text
  }

  #event(type: string, more: Record<string, unknown>): string {
    const data = JSON.stringify({ type, sequence_number: this.#sequence, ...more })
    this.#sequence += 1
    return encodeSse({ name: type, data })
  }
}

function factsOf({ names }: StreamFacts, item: OpenItem, status = 'completed'): ItemFacts {
  const { kind, id, text, callId, name } = item
  if (kind !== 'call') return { type: kind, id, text }
  const tool = names.callersTool(name)
  const told =
    status === 'in_progress' ? '' : tool.custom ? inputAsText(text) : inputAsJson({ custom: false, input: text })
  return { type: 'tool_call', id, text: told, callId, tool }
}

function placeOf(facts: StreamFacts, item: OpenItem): Record<string, unknown> {
  return { item_id: responseItem(factsOf(facts, { ...item, text: '' }))['id'], output_index: item.index }
}

function inside(kind: Said): Record<string, unknown> {
  return kind === 'reasoning' ? { summary_index: 0 } : { content_index: 0 }
}

function partEvent(kind: Said, what: 'added' | 'done'): string {
  return kind === 'reasoning' ? `response.reasoning_summary_part.${what}` : `response.content_part.${what}`
}

function partOf(kind: Said, text: string): Record<string, unknown> {
  if (kind === 'reasoning') return { type: 'summary_text', text }
  return kind === 'text' ? { type: 'output_text', text, annotations: [] } : { type: 'refusal', refusal: text }
}
