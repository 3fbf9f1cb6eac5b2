import { estimateTokens } from './estimate-tokens.ts'
import { asArray, asNumber, asObject, type JsonObject } from './json.ts'
import type { WireName } from './wire.ts'

/** What a request asks of a model. */
export interface RequestNeeds {
  /** Estimate of its text: instructions, conversation, tools. Without images and files. */
  readonly textTokens: number
  readonly images: number
  /** Characters of base64 of files that are no images. */
  readonly fileCharacters: number
  readonly tools: boolean
  /** The answer must follow a schema. */
  readonly structuredOutput: boolean
  readonly maxOutputTokens?: number
}

/** Where each protocol keeps what the model reads, and what it says about the answer. */
const PLACES: Readonly<
  Record<
    WireName,
    { readonly read: readonly string[]; readonly limits: readonly string[]; format(body: JsonObject): unknown }
  >
> = {
  responses: {
    read: ['instructions', 'input', 'tools'],
    limits: ['max_output_tokens'],
    format: (body) => asObject(body['text'])?.['format'],
  },
  'chat-completions': {
    read: ['messages', 'tools', 'functions'],
    limits: ['max_completion_tokens', 'max_tokens'],
    format: (body) => body['response_format'],
  },
  messages: {
    read: ['system', 'messages', 'tools'],
    limits: ['max_tokens'],
    format: (body) => asObject(body['output_config'])?.['format'] ?? body['output_format'],
  },
}

/** Looks through a request once. */
export function requestNeeds(wire: WireName, body: JsonObject): RequestNeeds {
  const { read, limits, format } = PLACES[wire]
  const count = new Count()
  for (const name of read) count.take(body[name], name === 'tools' || name === 'functions')
  const maxOutputTokens = limits.map((name) => asNumber(body[name])).find((each) => each !== undefined)
  return {
    textTokens: Math.ceil(count.tokens),
    images: count.images,
    fileCharacters: count.fileCharacters,
    tools: asArray(body['tools']).length > 0 || asArray(body['functions']).length > 0,
    structuredOutput: asObject(format(body))?.['type'] === 'json_schema',
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  }
}

/** Of texts this much is looked at; what is longer is taken to go on alike, so that 60 MB do not hold up everybody else. */
const LOOKED_AT = 2_000_000
/** Each turn, part and tool has a few tokens around it. */
const PER_OBJECT = 2
const IMAGES: ReadonlySet<unknown> = new Set(['image', 'image_url', 'input_image', 'computer_screenshot'])
const FILES: ReadonlySet<unknown> = new Set(['document', 'file', 'input_file', 'input_audio'])
/** Names, marks and sealed state: no text that the model reads. */
const UNREAD: ReadonlySet<string> = new Set([
  'type',
  'role',
  'id',
  'status',
  'cache_control',
  'encrypted_content',
  'signature',
])

class Count {
  #around = 0
  images = 0
  fileCharacters = 0
  #looked = 0
  #lookedTokens = 0
  #unlooked = 0

  get tokens(): number {
    return this.#around + this.#lookedTokens * (1 + this.#unlooked / Math.max(1, this.#looked))
  }

  /** Without recursion: a request may be nested as deep as it likes. @param isData names count too, as in tools and their arguments */
  take(value: unknown, isData: boolean): void {
    const open: Array<readonly [unknown, boolean]> = [[value, isData]]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [each, data] = next
      if (typeof each === 'string') this.#text(each)
      else if (typeof each === 'number' || typeof each === 'boolean') this.#around += data ? 1 : 0
      else if (Array.isArray(each)) for (const member of each as unknown[]) open.push([member, data])
      else if (typeof each === 'object' && each !== null) this.#object(each as JsonObject, data, open)
    }
  }

  #object(object: JsonObject, data: boolean, open: Array<readonly [unknown, boolean]>): void {
    if (!data && IMAGES.has(object['type'])) {
      this.images += 1
      return
    }
    if (!data && FILES.has(object['type'])) {
      const source = asObject(object['source'])
      if (source?.['type'] === 'text' || source?.['type'] === 'content') open.push([source, false])
      else this.fileCharacters += longestText(object)
      return
    }
    this.#around += PER_OBJECT
    for (const [name, value] of Object.entries(object)) {
      if (data) this.#text(name)
      else if (UNREAD.has(name)) continue
      open.push([value, data || (name === 'input' && object['type'] === 'tool_use')])
    }
  }

  #text(text: string): void {
    const part = text.slice(0, LOOKED_AT - this.#looked)
    this.#lookedTokens += estimateTokens(part)
    this.#looked += part.length
    this.#unlooked += text.length - part.length
  }
}

function longestText(value: unknown): number {
  let longest = 0
  const open: unknown[] = [value]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string') longest = Math.max(longest, next.length)
    else if (typeof next === 'object' && next !== null) for (const each of Object.values(next)) open.push(each)
  }
  return longest
}
