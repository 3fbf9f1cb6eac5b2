import { encodeSse } from '../sse.ts'
import type { Delta, StopReason, TokenCount } from './answer.ts'
import { callIdFor } from './call-ids.ts'
import { TO_MESSAGES } from './stop-reasons.ts'
import type { StreamFacts } from './stream-facts.ts'
import { WRITE_USAGE } from './token-counts.ts'

type Shown = Extract<Delta, { part: string }>

/** Writes a Messages stream. Its blocks stand strictly one behind the other: what belongs to a later one waits for its turn. */
export class MessagesWriter {
  readonly #facts: StreamFacts
  #index = -1
  #open: { readonly part: string; readonly isCall: boolean } | undefined
  /** Parts that wait behind an open call, in the order in which they began. */
  readonly #waiting = new Map<string, Shown[]>()
  #stop: StopReason = 'stop'
  #usage: TokenCount | undefined

  constructor(facts: StreamFacts) {
    this.#facts = facts
  }

  write(delta: Exclude<Delta, { kind: 'end' }>): string {
    switch (delta.kind) {
      case 'start': {
        const usage = { input_tokens: 0, output_tokens: 0 }
        const message = {
          id: `msg_${delta.id}`,
          type: 'message',
          role: 'assistant',
          model: delta.model,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage,
        }
        return event('message_start', { message })
      }
      case 'usage':
        this.#usage = delta.usage
        return ''
      case 'stop':
        this.#stop = delta.reason
        return ''
      default:
        return this.#shown(delta)
    }
  }

  finish(): string {
    const usage = this.#usage === undefined ? { output_tokens: 0 } : WRITE_USAGE.messages(this.#usage)
    let text = this.#close()
    while (this.#waiting.size > 0) text += this.#next() + this.#close()
    return (
      text +
      event('message_delta', { delta: { stop_reason: TO_MESSAGES[this.#stop], stop_sequence: null }, usage }) +
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
    const told = {
      text: 'text_delta',
      refusal: 'text_delta',
      reasoning: 'thinking_delta',
      input: 'input_json_delta',
    } as const
    const field = { text: 'text', refusal: 'text', reasoning: 'thinking', input: 'partial_json' } as const
    if (delta.kind === 'call' || delta.kind === 'close') return ''
    return event('content_block_delta', {
      index: this.#index,
      delta: { type: told[delta.kind], [field[delta.kind]]: delta.text },
    })
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
