import type { Failure } from '../failure/evidence.ts'
import { asNumber, parseObject } from '../wire/json.ts'
import { type RequestNeeds, requestNeeds } from '../wire/request-needs.ts'
import type { WireEvidence, WireProtocol } from '../wire/wire.ts'
import { WIRES } from '../wire/wires.ts'
import type { Call } from './call.ts'

/** A count is wanted between two turns: an upstream that takes longer is not waited for, ms. */
export const COUNT_DEADLINE_MS = 5_000

const IMAGE_TOKENS = 1_500
/** A page of a PDF is about 50 KB and 2,000 tokens. */
const FILE_BYTES_PER_TOKEN = 25
/** Told with every estimate (`x-sparekey-estimate`). */
export const ESTIMATE_METHOD = `words, numbers and signs counted; ${IMAGE_TOKENS} for an image; one for ${FILE_BYTES_PER_TOKEN} bytes of a file`

/** @returns input tokens, without asking anybody */
export function estimatedInput(call: Call): number {
  const { textTokens, images, fileCharacters }: RequestNeeds = requestNeeds('messages', call.body)
  return Math.ceil(textTokens + images * IMAGE_TOKENS + (fileCharacters * 3) / 4 / FILE_BYTES_PER_TOKEN)
}

/** A count of its own limits of calls: used up, they say nothing about answers with the same key. */
export function countingFailure(failure: Failure): Failure {
  const isOwnLimit = failure.label === 'rate_limit' || failure.label === 'quota_exhausted'
  return isOwnLimit ? { ...failure, modelScoped: true } : failure
}

/** The name under which a pool keeps what it learns from counting apart from what it knows of a model. */
export function countedModel(model: string): string {
  return `${model} count_tokens`
}

/** Messages, for a body that is `{"input_tokens": 42}`. */
export const COUNT_WIRE: WireProtocol = {
  ...WIRES.messages,
  path: `${WIRES.messages.path}/count_tokens`,
  bodyFailure(text): WireEvidence | undefined {
    const tokens = asNumber(parseObject(text)?.['input_tokens'])
    if (tokens !== undefined && tokens >= 0) return undefined
    const failure = WIRES.messages.bodyFailure(text)
    return (
      failure ?? { channel: 'end', body: text, error: { name: 'NotACount', message: 'the body is no count of tokens' } }
    )
  },
}
