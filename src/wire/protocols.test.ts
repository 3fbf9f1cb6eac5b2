import { describe, expect, it } from 'vitest'
import { framesOf, givenUp, watchStream } from '../../test/support/watch-stream.ts'
import { FAILURE_LABELS, type FailureLabel } from '../failure/labels.ts'
import { OPENAI_SKIN, OWN_STATUS } from './openai-error.ts'
import type { WireName } from './wire.ts'
import { WIRES } from './wires.ts'

type Json = Readonly<Record<string, unknown>>
const NAMES = Object.keys(WIRES) as WireName[]

function rendered(wire: WireName, given: Parameters<typeof givenUp>) {
  const { status, body, headers } = WIRES[wire].renderError(givenUp(...given))
  return { status, headers: Object.fromEntries(headers), body: JSON.parse(body) as { error: Json } & Json }
}

/** Events of a stream that failed: name and data. */
function told(wire: WireName, given: Parameters<typeof givenUp>): ReadonlyArray<readonly [string, Json]> {
  return framesOf(Buffer.from(WIRES[wire].renderStreamError(givenUp(...given)))).map(
    ({ event }) => [event?.name ?? '', JSON.parse(event?.data ?? 'null') as Json] as const,
  )
}

describe.each(NAMES)('%s', (name) => {
  const wire = WIRES[name]

  it('is listed under its own name', () => {
    expect(wire.name).toBe(name)
    expect(wire.path).toMatch(/^\/[a-z/]+$/)
  })

  it('reads the model and whether to stream, and nothing else', () => {
    expect(wire.readRequest({ model: 'gpt-5.5', stream: true, hologram: {} })).toEqual({
      model: 'gpt-5.5',
      stream: true,
    })
    expect(wire.readRequest({})).toEqual({ model: undefined, stream: false })
    expect(wire.readRequest({ model: '', stream: 'true' })).toEqual({ model: undefined, stream: false })
    expect(wire.readRequest({ model: 5, stream: 1 })).toEqual({ model: undefined, stream: false })
    for (const body of [null, undefined, [], 'text', 7]) expect(wire.readRequest(body)).toBeUndefined()
  })

  it('keeps a client patient with something that means nothing', () => {
    const heartbeat = Buffer.from(wire.heartbeat())
    expect(wire.heartbeat().endsWith('\n\n')).toBe(true)
    const observer = wire.observeStream()
    for (const frame of framesOf(heartbeat)) expect(observer.observe(frame)).toEqual({ kind: 'handshake' })
    expect(observer.end()).toBeDefined()
  })

  it('counts the tokens of a body', () => {
    const usage =
      name === 'chat-completions' ? { prompt_tokens: 1, completion_tokens: 2 } : { input_tokens: 1, output_tokens: 2 }
    expect(wire.bodyUsage(JSON.stringify({ usage }))).toEqual({ inputTokens: 1, outputTokens: 2 })
    expect(wire.bodyUsage('{"usage"')).toBeUndefined()
  })

  it.each(FAILURE_LABELS)('an answer that failed with %s is never a success', (label) => {
    const { status, headers, body } = rendered(name, [label])
    expect(status).toBeGreaterThanOrEqual(400)
    expect(headers['content-type']).toBe('application/json')
    expect(body.error).toMatchObject({ message: expect.any(String), type: expect.any(String), sparekey: { label } })
    expect(wire.bodyFailure(JSON.stringify(body))).toMatchObject({ channel: 'body' })
  })

  it.each(FAILURE_LABELS)('a stream that failed with %s is a failure behind output, too', (label) => {
    const error = Buffer.from(wire.renderStreamError(givenUp(label)))
    expect(watchStream(name, error).kind).toBe('failure')
    expect(error.toString()).not.toMatch(/\[DONE\]|message_stop|response\.completed|finish_reason/)
    expect(error.toString().endsWith('\n\n')).toBe(true)
  })

  it('stays well-formed whatever the provider said', () => {
    const message = 'a "quoted"\nword \\ \u2028 \u0000 \ud800 </script> data: [DONE]\n\ndata: x'
    for (const [, data] of told(name, ['server_error', { message }])) expect(JSON.stringify(data)).toContain('quoted')
    expect(framesOf(Buffer.from(WIRES[name].renderStreamError(givenUp('server_error', { message }))))).toHaveLength(
      name === 'responses' ? 2 : 1,
    )
    expect(rendered(name, ['server_error', { message }]).body.error['message']).toContain('"quoted"')
  })

  it.each(Object.entries(OWN_STATUS))("the gateway's own %s is a %i", (code, status) => {
    const { status: seen, body } = rendered(name, ['invalid_request', { code, message: 'said' }])
    expect(seen).toBe(status)
    expect(body.error).toMatchObject({ message: 'said', sparekey: { code } })
  })
})

const OPENAI: Readonly<Partial<Record<FailureLabel, readonly [number, string, string]>>> = {
  auth_expired: [401, 'invalid_request_error', 'invalid_api_key'],
  auth_revoked: [401, 'invalid_request_error', 'invalid_api_key'],
  rate_limit: [429, 'rate_limit_error', 'rate_limit_exceeded'],
  quota_exhausted: [429, 'usage_limit_reached', 'usage_limit_reached'],
  billing: [429, 'insufficient_quota', 'insufficient_quota'],
  entitlement: [403, 'permission_error', 'permission_denied'],
  overloaded: [503, 'service_unavailable_error', 'server_is_overloaded'],
  model_not_found: [404, 'invalid_request_error', 'model_not_found'],
  timeout: [504, 'server_error', 'timeout'],
  context_overflow: [400, 'invalid_request_error', 'context_length_exceeded'],
  payload_too_large: [413, 'invalid_request_error', 'payload_too_large'],
  content_policy: [400, 'invalid_request_error', 'content_policy_violation'],
}

describe.each(['responses', 'chat-completions'] as const)('errors of %s', (name) => {
  it.each(Object.entries(OPENAI))('%s', (label, [status, type, code]) => {
    const { status: seen, body } = rendered(name, [label as FailureLabel])
    expect(seen).toBe(status)
    expect(body.error).toMatchObject({ type, code, param: null })
  })

  it('never say 401 for a throttle, nor 200 for anything', () => {
    for (const label of FAILURE_LABELS) {
      if (!label.startsWith('auth_')) expect(OPENAI_SKIN[label].status).not.toBe(401)
      expect(OPENAI_SKIN[label].status).toBeGreaterThanOrEqual(400)
    }
  })

  it('carry the reset of a quota in the forms that the Codex CLI reads', () => {
    const { body, headers } = rendered(name, ['quota_exhausted', { waitMs: 13_872_400 }])
    expect(body.error).toMatchObject({ resets_at: 1_800_013_873, resets_in_seconds: 13_873 })
    expect(headers).toMatchObject({ 'retry-after': '13873', 'x-should-retry': 'false' })
    expect(rendered(name, ['quota_exhausted']).body.error).not.toHaveProperty('resets_at')
    expect(rendered(name, ['rate_limit', { waitMs: 1000 }]).body.error).not.toHaveProperty('resets_at')
  })

  it("keep the provider's own code of a fault of the request: clients replay on it", () => {
    const given = (label: FailureLabel, failureCode: string) =>
      rendered(name, [label, { failureCode }]).body.error['code']
    expect(given('invalid_request', 'previous_response_not_found')).toBe('previous_response_not_found')
    expect(given('invalid_request', 'Bad Request!')).toBe('invalid_request')
    expect(given('context_overflow', 'exceed_context_size_error')).toBe('context_length_exceeded')
    expect(given('quota_exhausted', 'monthly_limit')).toBe('usage_limit_reached')
  })

  it("do not call the gateway's own fault the request's", () => {
    const type = (code: string) => rendered(name, ['server_error', { code }]).body.error['type']
    expect(['internal_error', 'no_credential', 'shutting_down'].map(type)).toEqual(Array(3).fill('server_error'))
    expect(['invalid_json', 'client_key_wrong', 'model_unknown'].map(type)).toEqual(
      Array(3).fill('invalid_request_error'),
    )
  })
})

describe('a Responses stream that failed', () => {
  it('says error, nested and flat, and then response.failed', () => {
    const events = told('responses', ['server_error', { message: 'Boom' }])
    expect(events.map(([event, { type }]) => [event, type])).toEqual([
      ['error', 'error'],
      ['response.failed', 'response.failed'],
    ])
    const [[, error] = [], [, failed] = []] = events
    expect(error).toMatchObject({
      code: 'server_error',
      message: expect.stringMatching(/^Boom/),
      error: { type: 'server_error' },
    })
    expect(failed).toMatchObject({
      response: { status: 'failed', id: expect.any(String), error: { code: 'server_error' }, output: [], usage: null },
    })
  })

  const failedCode = (...given: Parameters<typeof givenUp>) =>
    told('responses', given).flatMap(([, data]) => {
      const response = data['response'] as { error: { code: string; message: string } } | undefined
      return response === undefined ? [] : [response.error]
    })[0]

  it.each([
    // What the Codex CLI understands in response.failed; it retries everything else five times.
    ['context_overflow', 'context_length_exceeded'],
    ['quota_exhausted', 'insufficient_quota'],
    ['billing', 'insufficient_quota'],
    ['overloaded', 'server_is_overloaded'],
    ['rate_limit', 'rate_limit_exceeded'],
  ] as const)('says %s as %s', (label, code) => {
    expect(failedCode(label)?.code).toBe(code)
  })

  it.each([
    ['billing', 'server_error'],
    ['overloaded', 'server_error'],
    ['rate_limit', 'server_error'],
    ['quota_exhausted', 'usage_limit_reached'],
    ['connection', 'connection_error'],
    ['content_policy', 'content_policy_violation'],
    ['context_overflow', 'context_length_exceeded'],
  ] as const)(
    'says %s behind output as %s: the Codex CLI asks again only where that gets it further',
    (label, code) => {
      expect(failedCode(label, { isLate: true, waitMs: 3200 })?.code).toBe(code)
      expect(failedCode(label, { isLate: true, waitMs: 3200 })?.message).not.toContain('try again in')
      // Whoever reads the event `error` is told what it was.
      const flat = told('responses', [label, { isLate: true }])[0]?.[1]
      expect(flat?.['code']).toBe(told('responses', [label])[0]?.[1]?.['code'])
    },
  )

  it('tells the reader of half an answer that the same request starts anew, where it does', () => {
    expect(failedCode('quota_exhausted', { isLate: true })?.message).toMatch(
      /The answer broke off: the same request again/,
    )
    expect(failedCode('content_policy', { isLate: true })?.message).not.toContain('broke off')
  })

  it('says how long a throttle lasts in the words that the Codex CLI reads', () => {
    expect(failedCode('rate_limit', { waitMs: 3200 })?.message).toMatch(/Please try again in 4s\.$/)
    expect(failedCode('rate_limit')?.message).not.toContain('try again in')
    expect(failedCode('quota_exhausted', { waitMs: 3200 })?.message).not.toContain('try again in')
  })

  it('keeps a Codex CLI patient with an event: it does not count comments', () => {
    expect(framesOf(Buffer.from(WIRES.responses.heartbeat()))[0]?.event?.name).toBe('response.heartbeat')
  })
})

describe('errors of messages', () => {
  it.each([
    ['auth_expired', 401, 'authentication_error'],
    ['auth_revoked', 401, 'authentication_error'],
    ['entitlement', 403, 'permission_error'],
    ['rate_limit', 429, 'rate_limit_error'],
    ['quota_exhausted', 429, 'rate_limit_error'],
    ['billing', 402, 'billing_error'],
    ['overloaded', 529, 'overloaded_error'],
    ['server_error', 500, 'api_error'],
    ['timeout', 504, 'timeout_error'],
    ['model_not_found', 404, 'not_found_error'],
    ['context_overflow', 400, 'invalid_request_error'],
    ['payload_too_large', 413, 'request_too_large'],
    ['content_policy', 400, 'invalid_request_error'],
  ] as const)('%s: %i %s', (label, status, type) => {
    const { status: seen, body } = rendered('messages', [label])
    expect(seen).toBe(status)
    expect(body).toMatchObject({ type: 'error', error: { type }, request_id: null })
    expect(told('messages', [label])).toMatchObject([['error', { type: 'error', error: { type } }]])
  })

  it('say "prompt is too long" once, which is what Claude Code compacts on', () => {
    const message = (given: string) =>
      rendered('messages', ['context_overflow', { message: given }]).body.error['message']
    expect(message('context window exceeded')).toMatch(/^prompt is too long: context window exceeded/)
    expect(message('prompt is too long: 345320 tokens > 199999 maximum')).toMatch(/^prompt is too long: 345320 tokens/)
  })

  it.each([
    ['client_key_wrong', 'authentication_error'],
    ['model_unknown', 'not_found_error'],
    ['body_too_large', 'request_too_large'],
    ['internal_error', 'api_error'],
    ['invalid_json', 'invalid_request_error'],
  ])("call the gateway's own %s %s", (code, type) => {
    expect(rendered('messages', ['invalid_request', { code }]).body.error['type']).toBe(type)
  })

  it('come with a ping as heartbeat, the only event that the SDK is used to', () => {
    expect(WIRES.messages.heartbeat()).toBe('event: ping\ndata: {"type":"ping"}\n\n')
  })
})

describe('a Chat stream that failed', () => {
  it('says one error object, without a name', () => {
    expect(told('chat-completions', ['billing'])).toMatchObject([['', { error: { code: 'insufficient_quota' } }]])
  })

  it('keeps clients patient with a comment: some choke on unknown chunks', () => {
    expect(WIRES['chat-completions'].heartbeat().startsWith(':')).toBe(true)
  })
})
