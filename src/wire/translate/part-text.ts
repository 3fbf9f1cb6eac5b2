import type { Part } from './conversation.ts'

/** What parts say in words, in their order. */
export function partText(parts: readonly Part[]): string {
  return parts.flatMap((part) => (part.type === 'text' || part.type === 'refusal' ? [part.text] : [])).join('\n')
}
