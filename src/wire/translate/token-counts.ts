import { asNumber, asObject, type JsonObject } from '../json.ts'
import type { WireName } from '../wire.ts'
import type { TokenCount } from './answer.ts'

/** Reads `usage`. OpenAI's input includes what came from a cache, Anthropic's does not. */
export const READ_USAGE: Readonly<Record<WireName, (usage: JsonObject | undefined) => TokenCount | undefined>> = {
  responses: (usage) => openAi(usage, 'input_tokens', 'output_tokens', 'input_tokens_details', 'output_tokens_details'),
  'chat-completions': (usage) =>
    openAi(usage, 'prompt_tokens', 'completion_tokens', 'prompt_tokens_details', 'completion_tokens_details'),
  messages: (usage) => {
    if (usage === undefined) return undefined
    const cached = asNumber(usage['cache_read_input_tokens']) ?? 0
    const cacheWritten = asNumber(usage['cache_creation_input_tokens']) ?? 0
    return {
      input: (asNumber(usage['input_tokens']) ?? 0) + cached + cacheWritten,
      cached,
      cacheWritten,
      output: asNumber(usage['output_tokens']) ?? 0,
      reasoning: asNumber(asObject(usage['output_tokens_details'])?.['thinking_tokens']) ?? 0,
    }
  },
}

function openAi(
  usage: JsonObject | undefined,
  input: string,
  output: string,
  inputs: string,
  outputs: string,
): TokenCount | undefined {
  if (usage === undefined) return undefined
  const details = asObject(usage[inputs])
  return {
    input: asNumber(usage[input]) ?? 0,
    cached: asNumber(details?.['cached_tokens']) ?? 0,
    cacheWritten: asNumber(details?.['cache_write_tokens']) ?? 0,
    output: asNumber(usage[output]) ?? 0,
    reasoning: asNumber(asObject(usage[outputs])?.['reasoning_tokens']) ?? 0,
  }
}

/** Writes `usage` as each protocol counts. */
export const WRITE_USAGE: Readonly<Record<WireName, (count: TokenCount) => Record<string, unknown>>> = {
  responses: ({ input, cached, cacheWritten, output, reasoning }) => ({
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: cacheWritten },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  }),
  'chat-completions': ({ input, cached, cacheWritten, output, reasoning }) => ({
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: cacheWritten },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }),
  messages: ({ input, cached, cacheWritten, output, reasoning }) => ({
    input_tokens: Math.max(0, input - cached - cacheWritten),
    cache_creation_input_tokens: cacheWritten,
    cache_read_input_tokens: cached,
    output_tokens: output,
    ...(reasoning > 0 ? { output_tokens_details: { thinking_tokens: reasoning } } : {}),
  }),
}
