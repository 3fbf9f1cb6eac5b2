import type { FailureLabel } from '../failure/labels.ts'
import type { WireName } from '../wire/wire.ts'
import type { SimulatedError, Step } from './scenario.ts'

/** Who answers in the end when the first of two credentials fails this way each time. */
export type Rescuer = 'same' | 'other' | 'nobody'

/** One row of the matrix: a failure kind on a wire, in one mode. */
export interface FailureKind {
  readonly wire: WireName
  readonly mode: 'stream' | 'body'
  /** `http-429-quota`, `soft-quota`, `cut-before-output`, ... */
  readonly kind: string
  readonly step: Step
  readonly label: FailureLabel
  /** With a second, good credential. `nobody`: the caller is told. */
  readonly rescuer: Rescuer
  /** The first credential is left alone afterwards. */
  readonly benched: boolean
  /** HTTP status for the caller when nobody else is there; a stream after its first output keeps 200 and ends in the wire's own error. */
  readonly status: number
  readonly afterOutput?: true
}

interface Kind {
  readonly kind: string
  readonly label: FailureLabel
  readonly rescuer: Rescuer
  readonly benched: boolean
  readonly wires?: readonly WireName[]
  readonly modes?: ReadonlyArray<'stream' | 'body'>
  readonly afterOutput?: true
  step(wire: WireName): Step
}

const ALL: readonly WireName[] = ['responses', 'chat-completions', 'messages']
const BOTH = ['stream', 'body'] as const

/** What a caller gets by label: OpenAI's clothes and Anthropic's (wire-facts 7.5). */
const STATUSES: Readonly<Record<FailureLabel, readonly [openAi: number, anthropic: number]>> = {
  auth_expired: [401, 401],
  auth_revoked: [401, 401],
  rate_limit: [429, 429],
  quota_exhausted: [429, 429],
  billing: [429, 402],
  entitlement: [403, 403],
  overloaded: [503, 529],
  server_error: [502, 500],
  model_not_found: [404, 404],
  invalid_response: [502, 502],
  timeout: [504, 504],
  connection: [502, 502],
  context_overflow: [400, 400],
  payload_too_large: [413, 413],
  invalid_request: [400, 400],
  content_policy: [400, 400],
  cancelled: [499, 499],
  unknown: [502, 502],
}

/** A fact in the words of both families. */
interface Fact {
  readonly name: string
  readonly label: FailureLabel
  readonly status: number
  readonly openAi: SimulatedError
  readonly anthropic: SimulatedError
  readonly rescuer: Rescuer
  readonly benched: boolean
}

const FACTS: readonly Fact[] = [
  {
    name: 'token-expired',
    label: 'auth_expired',
    status: 401,
    rescuer: 'other',
    benched: true,
    openAi: { code: 'token_expired', message: 'Provided authentication token is expired.' },
    anthropic: { type: 'authentication_error', message: 'OAuth token has expired.' },
  },
  {
    name: 'key-revoked',
    label: 'auth_revoked',
    status: 401,
    rescuer: 'other',
    benched: true,
    openAi: { code: 'token_invalidated', message: 'Your authentication token has been invalidated.' },
    anthropic: { type: 'authentication_error', message: 'invalid x-api-key' },
  },
  {
    name: 'throttle',
    label: 'rate_limit',
    status: 429,
    rescuer: 'other',
    benched: true,
    openAi: { code: 'rate_limit_exceeded', type: 'requests', message: 'Rate limit reached. Please try again in 20s.' },
    anthropic: { type: 'rate_limit_error', message: 'Number of requests has exceeded your per-minute rate limit.' },
  },
  {
    name: 'quota',
    label: 'quota_exhausted',
    status: 429,
    rescuer: 'other',
    benched: true,
    openAi: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 },
    anthropic: { type: 'rate_limit_error', message: 'You have reached your weekly usage limit.' },
  },
  {
    name: 'billing',
    label: 'billing',
    status: 402,
    rescuer: 'other',
    benched: true,
    openAi: {
      code: 'insufficient_quota',
      type: 'insufficient_quota',
      message: 'You exceeded your current quota, please check your plan and billing details.',
    },
    anthropic: { type: 'billing_error', message: 'Your credit balance is too low to access the Anthropic API.' },
  },
  {
    name: 'entitlement',
    label: 'entitlement',
    status: 403,
    rescuer: 'other',
    benched: true,
    openAi: { code: 'unsupported_country_region_territory', message: 'Country, region, or territory not supported' },
    anthropic: {
      type: 'permission_error',
      message: 'Your API key does not have permission to use the specified resource.',
    },
  },
  {
    name: 'overloaded',
    label: 'overloaded',
    status: 503,
    rescuer: 'other',
    benched: false,
    openAi: {
      code: 'server_is_overloaded',
      type: 'service_unavailable_error',
      message: 'Our servers are currently overloaded.',
    },
    anthropic: { type: 'overloaded_error', message: 'Overloaded' },
  },
  {
    name: 'server-error',
    label: 'server_error',
    status: 500,
    rescuer: 'other',
    benched: false,
    openAi: {
      code: 'server_error',
      type: 'server_error',
      message: 'The server had an error while processing your request.',
    },
    anthropic: { type: 'api_error', message: 'Internal server error' },
  },
  {
    name: 'model-not-found',
    label: 'model_not_found',
    status: 404,
    rescuer: 'nobody',
    benched: false,
    openAi: {
      code: 'model_not_found',
      type: 'invalid_request_error',
      message: 'The model does not exist or you do not have access to it',
    },
    anthropic: { type: 'not_found_error', message: 'model: claude-nope' },
  },
  {
    name: 'context-overflow',
    label: 'context_overflow',
    status: 400,
    rescuer: 'nobody',
    benched: false,
    openAi: { code: 'context_length_exceeded', message: 'Your input exceeds the context window of this model.' },
    anthropic: { type: 'invalid_request_error', message: 'prompt is too long: 345320 tokens > 199999 maximum' },
  },
  {
    name: 'payload-too-large',
    label: 'payload_too_large',
    status: 413,
    rescuer: 'nobody',
    benched: false,
    openAi: { code: 'payload_too_large', message: 'Request body too large' },
    anthropic: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
  },
  {
    name: 'invalid-request',
    label: 'invalid_request',
    status: 400,
    rescuer: 'nobody',
    benched: false,
    openAi: {
      code: 'unsupported_parameter',
      type: 'invalid_request_error',
      message: "Unsupported parameter: 'frobnicate'",
    },
    anthropic: { type: 'invalid_request_error', message: 'messages.3.content: Field required' },
  },
  {
    name: 'content-policy',
    label: 'content_policy',
    status: 400,
    rescuer: 'nobody',
    benched: false,
    openAi: { code: 'content_policy_violation', message: 'Your request was flagged.' },
    anthropic: {
      type: 'invalid_request_error',
      message: 'Output blocked: it was flagged for possible policy violations.',
    },
  },
]

function words(wire: WireName, fact: Fact): SimulatedError {
  return wire === 'messages' ? fact.anthropic : fact.openAi
}

/** HTTP errors and 200s in disguise of every fact. */
const SPOKEN: readonly Kind[] = FACTS.flatMap((fact): readonly Kind[] => [
  {
    ...fact,
    kind: `http-${fact.status}-${fact.name}`,
    step: (wire) => ({
      kind: 'error',
      status: wire === 'messages' && fact.label === 'overloaded' ? 529 : fact.status,
      body: wire === 'messages' ? { type: 'error', error: fact.anthropic } : { error: fact.openAi },
    }),
  },
  { ...fact, kind: `soft-${fact.name}`, step: (wire) => ({ kind: 'failed', error: words(wire, fact) }) },
])

const html = '<!doctype html><html><head><title>Sign in</title></head><body>Hotel network</body></html>'

/** Failures without words. */
const MUTE: readonly Kind[] = [
  {
    kind: 'http-401-bare',
    label: 'auth_expired',
    rescuer: 'other',
    benched: true,
    step: () => ({ kind: 'error', status: 401, body: '' }),
  },
  {
    kind: 'http-402-bare',
    label: 'billing',
    rescuer: 'other',
    benched: true,
    step: () => ({ kind: 'error', status: 402, body: '' }),
  },
  {
    kind: 'http-403-bare',
    label: 'entitlement',
    rescuer: 'other',
    benched: true,
    step: () => ({ kind: 'error', status: 403, body: '' }),
  },
  {
    kind: 'http-429-bare',
    label: 'rate_limit',
    rescuer: 'other',
    benched: true,
    step: () => ({ kind: 'error', status: 429, body: '' }),
  },
  {
    kind: 'http-500-bare',
    label: 'server_error',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'error', status: 500, body: '' }),
  },
  {
    kind: 'http-502-html',
    label: 'server_error',
    rescuer: 'other',
    benched: false,
    step: () => ({
      kind: 'error',
      status: 502,
      body: '<html><body>Bad Gateway</body></html>',
      headers: { 'content-type': 'text/html' },
    }),
  },
  {
    kind: 'http-503-bare',
    label: 'overloaded',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'error', status: 503, body: '' }),
  },
  {
    kind: 'http-504-bare',
    label: 'timeout',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'error', status: 504, body: '' }),
  },
  {
    kind: 'http-529-bare',
    label: 'overloaded',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'error', status: 529, body: '' }),
  },
  {
    kind: 'http-418-bare',
    label: 'unknown',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'error', status: 418, body: '' }),
  },
  {
    kind: 'html-200',
    label: 'invalid_response',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'raw', status: 200, headers: { 'content-type': 'text/html' }, body: html }),
  },
  {
    kind: 'empty-200',
    label: 'invalid_response',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'raw', status: 200, headers: {}, body: '' }),
  },
  {
    kind: 'garbage-200',
    label: 'invalid_response',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'raw', status: 200, headers: { 'content-type': 'application/json' }, body: '{"id": 7,,,' }),
  },
  {
    kind: 'truncated-200',
    label: 'invalid_response',
    rescuer: 'other',
    benched: false,
    modes: ['body'],
    step: () => ({ kind: 'end_early', at: 'after_output' }),
  },
  {
    kind: 'cut-before-headers',
    label: 'connection',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'cut', at: 'before_headers' }),
  },
  {
    kind: 'cut-before-output',
    label: 'connection',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'cut', at: 'before_output' }),
  },
  {
    kind: 'cut-in-body',
    label: 'connection',
    rescuer: 'other',
    benched: false,
    modes: ['body'],
    step: () => ({ kind: 'cut', at: 'after_output' }),
  },
  {
    kind: 'end-before-output',
    label: 'connection',
    rescuer: 'other',
    benched: false,
    modes: ['stream'],
    step: () => ({ kind: 'end_early', at: 'before_output' }),
  },
  {
    kind: 'hang-before-headers',
    label: 'timeout',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'hang', at: 'before_headers' }),
  },
  {
    kind: 'hang-before-output',
    label: 'timeout',
    rescuer: 'other',
    benched: false,
    step: () => ({ kind: 'hang', at: 'before_output' }),
  },
  {
    kind: 'cut-after-output',
    label: 'connection',
    rescuer: 'nobody',
    benched: false,
    modes: ['stream'],
    afterOutput: true,
    step: () => ({ kind: 'cut', at: 'after_output' }),
  },
  {
    kind: 'end-after-output',
    label: 'connection',
    rescuer: 'nobody',
    benched: false,
    modes: ['stream'],
    afterOutput: true,
    step: () => ({ kind: 'end_early', at: 'after_output' }),
  },
  {
    kind: 'hang-after-output',
    label: 'timeout',
    rescuer: 'nobody',
    benched: false,
    modes: ['stream'],
    afterOutput: true,
    step: () => ({ kind: 'hang', at: 'after_output' }),
  },
  {
    kind: 'overloaded-after-output',
    label: 'overloaded',
    rescuer: 'nobody',
    benched: false,
    modes: ['stream'],
    afterOutput: true,
    step: () => ({ kind: 'failed', textFirst: 'Half an', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  },
  // After output the account is still empty: the call is told, the account is benched.
  {
    kind: 'quota-after-output',
    label: 'quota_exhausted',
    rescuer: 'nobody',
    benched: true,
    modes: ['stream'],
    afterOutput: true,
    step: () => ({
      kind: 'failed',
      textFirst: 'Half an',
      error: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 },
    }),
  },
  {
    kind: 'quota-after-reasoning',
    label: 'quota_exhausted',
    rescuer: 'other',
    benched: true,
    wires: ['responses'],
    step: () => ({
      kind: 'failed',
      reasoningFirst: true,
      error: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 },
    }),
  },
]

/** Every failure kind on every wire that can produce it, streaming and not. The scenario suite and the scorecard run over it. */
export const FAILURE_KINDS: readonly FailureKind[] = [...SPOKEN, ...MUTE].flatMap((each) =>
  (each.wires ?? ALL).flatMap((wire) =>
    (each.modes ?? BOTH).map((mode): FailureKind => {
      const [openAi, anthropic] = STATUSES[each.label]
      return {
        wire,
        mode,
        kind: each.kind,
        step: each.step(wire),
        label: each.label,
        rescuer: each.rescuer,
        benched: each.benched,
        status: wire === 'messages' ? anthropic : openAi,
        ...(each.afterOutput === undefined ? {} : { afterOutput: each.afterOutput }),
      }
    }),
  ),
)
