import { encodeSse } from '../sse.ts'
import type { AnswerEnd, ToldDelta } from './answer.ts'
import { callIdFor } from './call-ids.ts'
import { TO_CHAT } from './stop-reasons.ts'
import type { StreamFacts } from './stream-facts.ts'
import { WRITE_USAGE } from './token-counts.ts'

const FIELDS = { text: 'content', refusal: 'refusal', reasoning: 'reasoning_content' } as const

/** Writes a Chat Completions stream. */
export class ChatWriter {
  readonly #facts: StreamFacts
  readonly #calls = new Map<string, number>()
  #id = ''
  #model = ''

  constructor(facts: StreamFacts) {
    this.#facts = facts
  }

  write(delta: ToldDelta): string {
    switch (delta.kind) {
      case 'start':
        this.#id = delta.id
        this.#model = delta.model
        return this.#chunk({ role: 'assistant', content: '' })
      case 'text':
      case 'refusal':
      case 'reasoning':
        return this.#chunk({ [FIELDS[delta.kind]]: delta.text })
      case 'call': {
        const index = this.#calls.size
        this.#calls.set(delta.part, index)
        const { name } = this.#facts.names.callersTool(delta.name)
        return this.#chunk({
          tool_calls: [
            { index, id: callIdFor(delta.id, 'common'), type: 'function', function: { name, arguments: '' } },
          ],
        })
      }
      case 'input':
        return this.#chunk({
          tool_calls: [{ index: this.#calls.get(delta.part) ?? 0, function: { arguments: delta.text } }],
        })
      case 'close':
        return ''
    }
  }

  finish({ stop, usage }: AnswerEnd): string {
    const counted = this.#facts.includeUsage && usage !== undefined
    return (
      this.#chunk({}, TO_CHAT[stop]) +
      (counted ? this.#event({ choices: [], usage: WRITE_USAGE['chat-completions'](usage) }) : '') +
      encodeSse({ data: '[DONE]' })
    )
  }

  #chunk(delta: Record<string, unknown>, finish: string | null = null): string {
    return this.#event({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })
  }

  #event(more: Record<string, unknown>): string {
    const created = this.#facts.createdAt
    return encodeSse({
      data: JSON.stringify({
        id: `chatcmpl-${this.#id}`,
        object: 'chat.completion.chunk',
        created,
        model: this.#model,
        ...more,
      }),
    })
  }
}
