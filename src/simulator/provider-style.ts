import type { WireName } from '../wire/wire.ts'
import type { ProviderStyle, Step } from './scenario.ts'

/** Whose clothes an endpoint wears when the scenario does not say. */
export function styleOf(path: string, wire: WireName): ProviderStyle {
  if (isCodexPath(path)) return 'openai-codex'
  return wire === 'messages' ? 'anthropic' : 'openai'
}

export function isCodexPath(path: string): boolean {
  return path.includes('/backend-api/codex')
}

function refusal(status: number, body: unknown): Step {
  return { kind: 'error', status, body }
}

/** What the real provider says to a key that it does not know, or to none. */
export function unknownToken(wire: WireName, style: ProviderStyle, token: string): Step {
  switch (style) {
    case 'openai-codex':
      return token === ''
        ? refusal(401, { detail: 'Unauthorized' })
        : refusal(401, {
            error: {
              message: 'Your authentication token has been invalidated. Please try signing in again.',
              type: 'invalid_request_error',
              code: 'token_invalidated',
              param: null,
            },
            status: 401,
          })
    case 'openrouter':
      return refusal(401, {
        error: { message: token === '' ? 'No auth credentials found' : 'User not found.', code: 401 },
      })
    case 'anthropic-subscription':
      return anthropic(401, 'authentication_error', 'Invalid bearer token')
    case 'anthropic':
      return anthropic(401, 'authentication_error', 'invalid x-api-key')
    case 'openai':
      // An OpenAI-compatible server that speaks Messages too.
      if (wire === 'messages') return anthropic(401, 'authentication_error', 'invalid x-api-key')
      return refusal(401, {
        error: {
          message:
            token === ''
              ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
              : 'Incorrect API key provided. You can find your API key in your account settings.',
          type: 'invalid_request_error',
          param: null,
          code: token === '' ? null : 'invalid_api_key',
        },
      })
  }
}

/** What the Codex backend says to a token that an authorization server issued and that no longer holds. */
export function refusedToken(
  verdict: 'expired' | 'invalidated' | 'unknown',
  wire: WireName,
  style: ProviderStyle,
  token: string,
): Step {
  if (verdict === 'unknown' || style !== 'openai-codex') return unknownToken(wire, style, token)
  const what = verdict === 'expired' ? 'has expired' : 'has been invalidated'
  return refusal(401, {
    error: {
      message: `Your authentication token ${what}. Please try signing in again.`,
      type: 'invalid_request_error',
      code: `token_${verdict}`,
      param: null,
    },
    status: 401,
  })
}

function anthropic(status: number, type: string, message: string): Step {
  return refusal(status, { type: 'error', error: { type, message }, request_id: 'req_simulated' })
}

/** A request that is no JSON, or a path that does not exist, in the words of the wire. */
export function badRequest(wire: WireName | undefined, status: 400 | 404): Step {
  const message = status === 404 ? 'Invalid URL' : 'We could not parse the JSON body of your request.'
  if (wire === 'messages') return anthropic(status, 'invalid_request_error', message)
  return refusal(status, { error: { message, type: 'invalid_request_error', param: null, code: null } })
}

/** Fields of the public API that the Codex backend refuses. Source: captures and open-source adapters, 2026-08. */
const CODEX_REFUSES: readonly string[] = [
  'background',
  'conversation',
  'frequency_penalty',
  'max_completion_tokens',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'presence_penalty',
  'previous_response_id',
  'prompt_cache_retention',
  'safety_identifier',
  'stream_options',
  'temperature',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
]

/** @returns the refusal of a request that the Codex backend would not take */
export function codexRefusal(body: Readonly<Record<string, unknown>>): Step | undefined {
  const refused = CODEX_REFUSES.find((field) => Object.hasOwn(body, field))
  if (refused !== undefined) return refusal(400, { detail: `Unsupported parameter: ${refused}` })
  if (body['store'] !== false) return refusal(400, { detail: 'Store must be set to false' })
  if (body['stream'] !== true) return refusal(400, { detail: 'Stream must be set to true' })
  if (typeof body['instructions'] !== 'string') return refusal(400, { detail: 'Instructions are required' })
  return Array.isArray(body['input']) ? undefined : refusal(400, { detail: 'Input must be a list' })
}
