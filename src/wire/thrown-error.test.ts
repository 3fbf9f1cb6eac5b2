import { describe, expect, it } from 'vitest'
import type { Failure } from '../failure/evidence.ts'
import { blameOf, FAILURE_LABELS, type FailureLabel } from '../failure/labels.ts'
import { NEXT_STEP } from './error-words.ts'
import { sparekeyErrorOf, thrownError } from './thrown-error.ts'
import type { GivenUp, WireName } from './wire.ts'
import { WIRES } from './wires.ts'

const WIRE_NAMES = Object.keys(WIRES) as readonly WireName[]
const NOW_MS = 1_800_000_000_000

function givenUp(label: FailureLabel, extra: Partial<GivenUp & Failure> = {}): GivenUp {
  const { code, attempts, earliestReturnMs, ...failure } = extra
  return {
    failure: {
      label,
      blame: blameOf(label),
      message: 'The upstream said no',
      modelScoped: false,
      rule: 'provider/row',
      confidence: 'exact',
      evidence: { channel: 'http', provider: 'openai', api: 'responses', headers: {}, seenAtMs: NOW_MS - 1_000 },
      ...failure,
    },
    nowMs: NOW_MS,
    attempts: attempts ?? [{ provider: 'openai', credential: 'work', label, status: 429 }],
    ...(code === undefined ? {} : { code }),
    ...(earliestReturnMs === undefined ? {} : { earliestReturnMs }),
  }
}

describe('a call that was given up, thrown', () => {
  it.each(FAILURE_LABELS)('%s: what, whose fault, what to do, and every attempt', (label) => {
    const given = givenUp(label)
    const error = thrownError(given, { status: 429, callId: 'call_1' })
    expect(error).toMatchObject({
      code: label,
      label,
      blame: blameOf(label),
      hint: NEXT_STEP[label],
      message: `The upstream said no. ${NEXT_STEP[label]}`,
      status: 429,
      callId: 'call_1',
      attempts: given.attempts,
    })
    expect(error.failure).toBe(given.failure)
  })

  it('counts the wait from now, also where the failure counted from when it was seen', () => {
    const waits = (extra: Partial<GivenUp & Failure>) =>
      thrownError(givenUp('rate_limit', extra), { status: 429 }).retryAfterMs
    expect(waits({})).toBeUndefined()
    expect(waits({ retryAfterMs: 5_000 })).toBe(4_000)
    expect(waits({ retryAfterMs: 500 })).toBe(0)
    expect(waits({ resetAt: NOW_MS + 7_000 })).toBe(7_000)
    expect(waits({ resetAt: NOW_MS + 7_000, earliestReturnMs: NOW_MS + 3_000 })).toBe(3_000)
  })

  it("keeps a surface's own code and words", () => {
    const error = thrownError(givenUp('invalid_request', { code: 'invalid_json', message: 'the body is empty' }), {
      status: 400,
    })
    expect(error).toMatchObject({ code: 'invalid_json', message: 'the body is empty', hint: undefined })
  })

  it('prefers the attempts that the surface knows more of', () => {
    const attempts = [{ provider: 'openai', credential: 'work', rule: 'a/b', durationMs: 3 }]
    expect(thrownError(givenUp('billing'), { status: 429, attempts }).attempts).toBe(attempts)
  })
})

describe('what sparekey said, read from what an SDK throws', () => {
  it.each(WIRE_NAMES)('%s: as much as an answer can carry', (wire) => {
    const given = givenUp('quota_exhausted', { resetAt: NOW_MS + 60_000 })
    const rendered = WIRES[wire].renderError(given)
    const body = JSON.parse(rendered.body) as { error: unknown }
    const expected = {
      code: 'quota_exhausted',
      label: 'quota_exhausted',
      blame: 'credential',
      hint: NEXT_STEP.quota_exhausted,
      retryAfterMs: 60_000,
      attempts: given.attempts,
      message: `The upstream said no. ${NEXT_STEP.quota_exhausted}`,
    }
    const headers = new Headers({ 'x-sparekey-call': 'call_1' })
    const shapes: Record<string, object> = {
      'a parsed body': body,
      openai: { status: 429, headers, error: body.error },
      anthropic: { status: 429, headers, error: body },
      'the AI SDK': {
        statusCode: 429,
        responseHeaders: { 'x-sparekey-call': 'call_1' },
        responseBody: rendered.body,
      },
      'the AI SDK after its retries': { lastError: { statusCode: 429, responseBody: rendered.body } },
      'a wrapper': new Error('it failed', { cause: { status: 429, error: body.error } }),
    }
    for (const [sdk, thrown] of Object.entries(shapes)) {
      const error = sparekeyErrorOf(thrown)
      expect(error, sdk).toMatchObject(expected)
      expect(error?.cause, sdk).toBe(thrown)
      if (sdk !== 'a parsed body') expect(error?.status, sdk).toBe(429)
    }
    expect([sparekeyErrorOf(shapes['openai'])?.callId, sparekeyErrorOf(shapes['the AI SDK'])?.callId]).toEqual([
      'call_1',
      'call_1',
    ])
  })

  it('a thrown one is itself, also inside a wrapper', () => {
    const error = thrownError(givenUp('billing'), { status: 429 })
    expect(sparekeyErrorOf(error)).toBe(error)
    expect(sparekeyErrorOf(new Error('it failed', { cause: error }))).toBe(error)
  })

  it("nobody else's errors are taken for ours", () => {
    const loop: { cause?: unknown } = {}
    loop.cause = loop
    for (const other of [
      undefined,
      null,
      3,
      'no json',
      new Error('x'),
      loop,
      { error: { message: 'no', code: 'x' } },
      { sparekey: { label: 'made_up' } },
      { responseBody: '{"error": ' },
    ])
      expect(sparekeyErrorOf(other)).toBeUndefined()
  })
})
