import { asArray, asObject, asText, type JsonObject } from '../json.ts'
import type { LossReport } from './loss-report.ts'

const CARRIED_ITEMS = new Set(['message', 'function_call', 'reasoning', ''])
const CARRIED_BLOCKS = new Set(['text', 'thinking', 'tool_use', ''])

/** Types are the upstream's own words: in headers and records they stay short and plain. */
function named(type: string): string {
  return /^[\w.-]{1,60}$/.test(type) ? type : 'unknown'
}

/** What of an output item no other protocol has a place for: hosted tools and their results, citations, encrypted reasoning. */
export function reportItem(item: JsonObject, report: LossReport): void {
  const type = asText(item['type'])
  if (!CARRIED_ITEMS.has(type)) report.drop(`output.${named(type)}`)
  if (asText(item['encrypted_content']) !== '') report.drop('output.reasoning.encrypted_content')
  for (const part of asArray(item['content']))
    if (asArray(asObject(part)?.['annotations']).length > 0) report.drop('output.annotations')
}

/** The same of a content block. */
export function reportBlock(block: JsonObject, report: LossReport): void {
  const type = asText(block['type'])
  if (!CARRIED_BLOCKS.has(type)) report.drop(`content.${named(type)}`)
  if (asArray(block['citations']).length > 0) report.drop('content.citations')
  if (asText(block['signature']) !== '') report.drop('content.thinking.signature')
}

/** The same of a message, or of a piece of one. */
export function reportMessage(message: JsonObject, report: LossReport): void {
  if (asArray(message['annotations']).length > 0) report.drop('message.annotations')
  if (asObject(message['audio']) !== undefined) report.drop('message.audio')
  if (asArray(message['images']).length > 0) report.drop('message.images')
}
