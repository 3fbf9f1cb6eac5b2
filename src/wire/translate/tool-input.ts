import { asText, parseObject } from '../json.ts'
import type { ToolCall } from './conversation.ts'

/** The input of a call as JSON text: free text is wrapped as `{"input": text}`, what is no JSON object likewise. */
export function inputAsJson({ custom, input }: Pick<ToolCall, 'custom' | 'input'>): string {
  if (custom) return JSON.stringify({ input })
  if (input.trim() === '') return '{}'
  return parseObject(input) === undefined ? JSON.stringify({ input }) : input
}

/** The free text inside a wrapped input; what the model did not wrap is taken as it is. */
export function inputAsText(json: string): string {
  const object = parseObject(json)
  return object !== undefined && typeof object['input'] === 'string' ? asText(object['input']) : json
}

/** The schema under which a tool that takes free text is declared where there are only JSON tools. */
export const FREE_TEXT_SCHEMA = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
  additionalProperties: false,
} as const
