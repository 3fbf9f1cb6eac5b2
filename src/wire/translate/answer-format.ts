import { asObject, asText, type JsonObject } from '../json.ts'
import type { AnswerFormat } from './conversation.ts'

/** Reads how OpenAI's protocols ask for structured output. @param told the object that holds name and schema: only where it stands differs */
export function readAnswerFormat(type: string, told: JsonObject | undefined): AnswerFormat | undefined {
  if (type === 'json_object') return { kind: 'json_object' }
  if (type !== 'json_schema' || told === undefined) return undefined
  const { strict } = told
  return {
    kind: 'json_schema',
    name: asText(told['name']) || 'answer',
    schema: asObject(told['schema']) ?? {},
    ...(typeof strict === 'boolean' ? { strict } : {}),
  }
}
