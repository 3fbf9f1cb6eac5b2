import type { Conversation } from './conversation.ts'
import { stableHash } from './stable-hash.ts'

/** A tool as its caller knows it. */
export interface CallersTool {
  readonly name: string
  readonly namespace?: string
  /** Takes free text: on other wires wrapped as `{"input": text}`. */
  readonly custom: boolean
}

const LONGEST = 64

/** Names as every wire takes them, and the way back: namespaces are written into the name, long and strange names are shortened. */
export class ToolNames {
  readonly #toWire = new Map<string, string>()
  readonly #back = new Map<string, CallersTool>()

  constructor(conversation: Conversation) {
    for (const tool of conversation.tools) this.#add(tool)
    for (const { parts } of conversation.turns) for (const part of parts) if (part.type === 'tool_call') this.#add(part)
  }

  wireName(name: string, namespace?: string): string {
    return this.#toWire.get(keyOf(name, namespace)) ?? fitting(name, namespace)
  }

  /** A name that nobody declared is the model's own invention: it passes as it is. */
  callersTool(wireName: string): CallersTool {
    return this.#back.get(wireName) ?? { name: wireName, custom: false }
  }

  #add({ name, namespace, custom }: CallersTool): void {
    const key = keyOf(name, namespace)
    if (this.#toWire.has(key)) return
    let told = fitting(name, namespace)
    for (let salt = 1; this.#back.has(told); salt += 1) told = shortened(told, `${key} ${salt}`)
    this.#toWire.set(key, told)
    this.#back.set(told, { name, custom, ...(namespace === undefined ? {} : { namespace }) })
  }
}

function keyOf(name: string, namespace: string | undefined): string {
  return `${namespace ?? ''}\n${name}`
}

function fitting(name: string, namespace: string | undefined): string {
  const full = namespace === undefined ? name : `${namespace}__${name}`
  return /^[a-zA-Z0-9_-]{1,64}$/.test(full) ? full : shortened(full, full)
}

function shortened(text: string, seed: string): string {
  const hash = stableHash(seed).slice(0, 8)
  return `${text.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, LONGEST - 9)}_${hash}`
}
