import { asObject, asText, type JsonObject } from '../json.ts'
import type { Tool } from './conversation.ts'

/** Reads a tool that is called with JSON. @param schemaMember what the protocol calls the schema of its input */
export function readFunctionTool(told: JsonObject, schemaMember: 'parameters' | 'input_schema'): Tool {
  const description = asText(told['description'])
  const { strict } = told
  return {
    name: asText(told['name']),
    custom: false,
    schema: asObject(told[schemaMember]) ?? { type: 'object', properties: {} },
    ...(description === '' ? {} : { description }),
    ...(typeof strict === 'boolean' ? { strict } : {}),
  }
}
