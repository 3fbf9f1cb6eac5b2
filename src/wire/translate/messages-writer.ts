import { encodeSse } from '../sse.ts'
import type { AnswerEnd, ToldDelta } from './answer.ts'
import { callIdFor } from './call-ids.ts'
import { TO_MESSAGES } from './stop-reasons.ts'
import type { StreamFacts } from './stream-facts.ts'
import { WRITE_USAGE } from './token-counts.ts'

type Shown = Exclude<ToldDelta, { kind: 'start' }>

const PIECES = {
  text: { type: 'text_delta', field: 'text' },
  refusal: { type: 'text_delta', field: 'text' },
  reasoning: { type: 'thinking_delta', field: 'thinking' },
  input: { type: 'input_json_delta', field: 'partial_json' },
} as const

/** Writes a Messages stream. Its blocks stand strictly one behind the other: what belongs to a later one waits for its turn. */
export class MessagesWriter {
  readonly #facts: StreamFacts
  #index = -1
  #open: { readonly part: string; readonly isCall: boolean } | undefined
  /** Parts that wait behind an open call, in the order in which they began. */
  readonly #waiting = new Map<string, Shown[]>()

  constructor(facts: StreamFacts) {
    this.#facts = facts
  }

  write(delta: ToldDelta): string {
    if (delta.kind !== 'start') return this.#shown(delta)
    const message = {
      id: `msg_${delta.id}`,
      type: 'message',
      role: 'assistant',
      model: delta.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 0, output_tokens: 0 },
    }
    return event('message_start', { message })
  }

  finish({ stop, usage: counted }: AnswerEnd): string {
    const usage = counted === undefined ? { output_tokens: 0 } : WRITE_USAGE.messages(counted)
    let text = this.#close()
    while (this.#waiting.size > 0) text += this.#next() + this.#close()
    return (
      text +
      event('message_delta', { delta: { stop_reason: TO_MESSAGES[stop], stop_sequence: null }, usage }) +
      event('message_stop', {})
    )
  }

  #shown(delta: Shown): string {
    const open = this.#open
    if (open?.part === delta.part) return delta.kind === 'close' ? this.#closeAndGoOn() : this.#delta(delta)
    const waits = this.#waiting.get(delta.part)
    if (waits !== undefined) {
      waits.push(delta)
      return ''
    }
    if (delta.kind === 'close') return ''
    // An open call may still get input; text and reasoning end where something else begins.
    if (open?.isCall === true) {
      this.#waiting.set(delta.part, [delta])
      return ''
    }
    return this.#close() + this.#begin(delta)
  }

  #begin(delta: Exclude<Shown, { kind: 'close' }>): string {
    this.#index += 1
    const isCall = delta.kind === 'call' || delta.kind === 'input'
    this.#open = { part: delta.part, isCall }
    const block =
      delta.kind === 'call'
        ? {
            type: 'tool_use',
            id: callIdFor(delta.id, 'common'),
            name: this.#facts.names.callersTool(delta.name).name,
            input: {},
          }
        : delta.kind === 'reasoning'
          ? { type: 'thinking', thinking: '', signature: '' }
          : { type: 'text', text: '' }
    return event('content_block_start', { index: this.#index, content_block: block }) + this.#delta(delta)
  }

  #delta(delta: Shown): string {
    if (delta.kind === 'call' || delta.kind === 'close') return ''
    const { type, field } = PIECES[delta.kind]
    return event('content_block_delta', { index: this.#index, delta: { type, [field]: delta.text } })
  }

  #close(): string {
    if (this.#open === undefined) return ''
    this.#open = undefined
    return event('content_block_stop', { index: this.#index })
  }

  #closeAndGoOn(): string {
    return this.#close() + this.#next()
  }

  /** The next waiting part, as far as it has come. */
  #next(): string {
    for (const [part, deltas] of this.#waiting) {
      this.#waiting.delete(part)
      let text = ''
      for (const delta of deltas) text += this.#shown(delta)
      return text
    }
    return ''
  }
}

function event(type: string, more: Record<string, unknown>): string {
  return encodeSse({ name: type, data: JSON.stringify({ type, ...more }) })
}
