import type { FailureLabel } from '../../failure/labels.ts'
import { errorMessage, retryWords, sparekeyDetails } from '../error-words.ts'
import { asObject, asText } from '../json.ts'
import { OWN_STATUS } from '../openai-error.ts'
import { encodeSse } from '../sse.ts'
import type { GivenUp, RequestFacts, WireProtocol } from '../wire.ts'
import { MessagesStreamObserver } from './events.ts'
import { bodyUsage, messagesBodyFailure } from './failures.ts'

interface AnthropicSkin {
  readonly status: number
  readonly type: string
}

/** Status and type by label. Only types that Anthropic itself uses: clients switch on them. */
const ANTHROPIC_SKIN: Record<FailureLabel, AnthropicSkin> = {
  auth_expired: { status: 401, type: 'authentication_error' },
  auth_revoked: { status: 401, type: 'authentication_error' },
  rate_limit: { status: 429, type: 'rate_limit_error' },
  quota_exhausted: { status: 429, type: 'rate_limit_error' },
  billing: { status: 402, type: 'billing_error' },
  entitlement: { status: 403, type: 'permission_error' },
  overloaded: { status: 529, type: 'overloaded_error' },
  server_error: { status: 500, type: 'api_error' },
  model_not_found: { status: 404, type: 'not_found_error' },
  invalid_response: { status: 502, type: 'api_error' },
  timeout: { status: 504, type: 'timeout_error' },
  connection: { status: 502, type: 'api_error' },
  context_overflow: { status: 400, type: 'invalid_request_error' },
  payload_too_large: { status: 413, type: 'request_too_large' },
  invalid_request: { status: 400, type: 'invalid_request_error' },
  content_policy: { status: 400, type: 'invalid_request_error' },
  cancelled: { status: 499, type: 'invalid_request_error' },
  unknown: { status: 502, type: 'api_error' },
}

/** Anthropic's Messages API. */
export const messagesWire: WireProtocol = {
  name: 'messages',
  path: '/messages',
  readRequest,
  bodyFailure: messagesBodyFailure,
  bodyUsage,
  observeStream: () => new MessagesStreamObserver(),
  renderError(given) {
    const own = given.code === undefined ? undefined : OWN_STATUS[given.code]
    return {
      status: own ?? ANTHROPIC_SKIN[given.failure.label].status,
      headers: retryWords(given).headers,
      body: JSON.stringify(anthropicError(given)),
    }
  },
  // No message_stop behind it: that would read as a good end.
  renderStreamError: (given) => encodeSse({ name: 'error', data: JSON.stringify(anthropicError(given)) }),
  heartbeat: () => encodeSse({ name: 'ping', data: '{"type":"ping"}' }),
}

function readRequest(body: unknown): RequestFacts | undefined {
  const object = asObject(body)
  if (object === undefined) return undefined
  return { model: asText(object['model']) || undefined, stream: object['stream'] === true }
}

function anthropicError(given: GivenUp): Record<string, unknown> {
  const type = given.code === undefined ? ANTHROPIC_SKIN[given.failure.label].type : ownType(given.code)
  return {
    type: 'error',
    error: { type, message: messageFor(given), sparekey: sparekeyDetails(given) },
    request_id: null,
  }
}

const OWN_TYPES: Readonly<Record<string, string>> = {
  client_key_required: 'authentication_error',
  client_key_wrong: 'authentication_error',
  forbidden_host: 'permission_error',
  fallback_refused: 'permission_error',
  model_unknown: 'not_found_error',
  unknown_route: 'not_found_error',
  body_too_large: 'request_too_large',
  no_credential: 'api_error',
  internal_error: 'api_error',
  shutting_down: 'overloaded_error',
  overloaded: 'overloaded_error',
}

function ownType(code: string): string {
  return OWN_TYPES[code] ?? 'invalid_request_error'
}

/** Claude Code compacts the conversation when it reads "prompt is too long", and only then. */
function messageFor(given: GivenUp): string {
  const message = errorMessage(given)
  return given.failure.label === 'context_overflow' && !/prompt is too long/i.test(message)
    ? `prompt is too long: ${message}`
    : message
}
