import { CONVERSATION } from '../compress/message-facts.ts'
import { asArray, asObject, asText, type JsonObject, mapped } from '../json.ts'
import type { WireName } from '../wire.ts'

/** An image of a request, known by what it shows: places move when something before it is left out. */
export interface ImagePart {
  /** A data URL, an address, or base64 alone. */
  readonly source: string
  /** Dots: `messages.3.content.0`. */
  readonly place: string
}

/** Where parts stand inside a message, a tool result or an item. */
const INSIDE = ['content', 'output'] as const
/** A result inside a block inside a message. */
const DEEPEST = 4

/** Every image of a request, in its order. */
export function imagesOf(wire: WireName, body: JsonObject): readonly ImagePart[] {
  const found: ImagePart[] = []
  const member = CONVERSATION[wire]
  walk(body[member], member, (part, place) => {
    found.push({ source: sourceOf(part), place })
    return part
  })
  return found
}

/** The same request with a note in the place of some images. @returns the very same body when it has none of them */
export function withoutImages(
  wire: WireName,
  body: JsonObject,
  sources: ReadonlySet<string>,
  note: string,
): JsonObject {
  const type = wire === 'responses' ? 'input_text' : 'text'
  const member = CONVERSATION[wire]
  const list = walk(body[member], member, (part) => (sources.has(sourceOf(part)) ? { type, text: note } : part))
  return list === body[member] ? body : { ...body, [member]: list }
}

function walk(value: unknown, place: string, see: (part: JsonObject, place: string) => JsonObject, depth = 0): unknown {
  if (!Array.isArray(value) || depth > DEEPEST) return value
  return mapped<unknown>(value, (each, index) => {
    const object = asObject(each)
    if (object === undefined) return each
    const here = `${place}.${index}`
    if (isImage(object)) return see(object, here)
    let changed = object
    for (const member of INSIDE) {
      const inner = walk(object[member], `${here}.${member}`, see, depth + 1)
      if (inner !== object[member]) changed = { ...changed, [member]: inner }
    }
    return changed
  })
}

function isImage({ type }: JsonObject): boolean {
  return type === 'image' || type === 'image_url' || type === 'input_image'
}

function sourceOf(part: JsonObject): string {
  const source = asObject(part['source'])
  if (source !== undefined) return asText(source['data']) || asText(source['url']) || asText(source['file_id'])
  return asText(part['image_url']) || asText(asObject(part['image_url'])?.['url']) || asText(part['file_id'])
}

/** Whether a list of parts could hold something at all: an empty one is refused. */
export function isEmptyContent(content: unknown): boolean {
  return (
    content === '' ||
    content === null ||
    content === undefined ||
    (Array.isArray(content) && asArray(content).length === 0)
  )
}
