import type { JsonObject } from '../json.ts'
import type { WireName } from '../wire.ts'
import type { LossReport } from './loss-report.ts'

const words = (text: string): readonly string[] => text.split(' ')

/** Top-level parameters that a codec reads. */
const READ: Readonly<Record<WireName, ReadonlySet<string>>> = {
  responses: new Set(
    words(
      'model input instructions stream tools tool_choice parallel_tool_calls reasoning text max_output_tokens temperature top_p prompt_cache_key',
    ),
  ),
  'chat-completions': new Set(
    words(
      'model messages stream stream_options tools tool_choice parallel_tool_calls reasoning_effort response_format max_tokens max_completion_tokens temperature top_p stop prompt_cache_key',
    ),
  ),
  messages: new Set(
    words(
      'model messages system stream tools tool_choice max_tokens temperature top_p stop_sequences thinking output_config',
    ),
  ),
}

/** Hints, bookkeeping and best-effort wishes: an answer without them means the same. */
const HINTS = new Set(
  words(
    'include store stream_options prompt_cache_key prompt_cache_options prompt_cache_retention safety_identifier service_tier truncation metadata client_metadata user context_management max_tool_calls seed prediction verbosity speed cache_control inference_geo anthropic_version',
  ),
)

/** Judges every top-level parameter; what nobody knows might change the meaning, so it is refused. */
export function judgeParameters(wire: WireName, body: JsonObject, report: LossReport): void {
  for (const [name, value] of Object.entries(body)) {
    if (READ[wire].has(name) || isNeutral(name, value)) continue
    if (name === 'previous_response_id')
      report.refuse(
        name,
        `Previous response '${String(value)}' not found: this route keeps none`,
        'previous_response_not_found',
      )
    else if (HINTS.has(name)) report.drop(name)
    else report.refuse(name, `"${name}" cannot be carried to a provider of another protocol`)
  }
}

/** Says what would be so without it. */
function isNeutral(name: string, value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return true
  if (Array.isArray(value)) return value.length === 0 || (name === 'modalities' && String(value) === 'text')
  if (typeof value === 'object') return Object.keys(value).length === 0
  return (name === 'n' && value === 1) || value === 'auto' || value === 'disabled'
}
