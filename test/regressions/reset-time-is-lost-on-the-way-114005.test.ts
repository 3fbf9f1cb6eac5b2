import { describe, expect, it } from 'vitest'
import { type Answered, relayBefore } from '../support/relay-fixtures.ts'

/** Three places read the reset anew, from the exception, in the classifier and in the pool, and one of them lost it. */
const IN_SECONDS = 13_872
const error = {
  type: 'usage_limit_reached',
  message: 'The usage limit has been reached',
  resets_in_seconds: IN_SECONDS,
}
const EPOCH = { ...error, resets_in_seconds: undefined, resets_at: 1_767_225_600 + IN_SECONDS }

const WAYS: Readonly<Record<string, Answered>> = {
  'resets_in_seconds of a 429': { status: 429, body: { error } },
  'resets_at of a 429': { status: 429, body: { error: EPOCH } },
  'resets_in_seconds inside a 200': { status: 200, body: { object: 'response', status: 'failed', error, output: [] } },
  'resets_in_seconds in an event': { events: [{ event: 'error', data: { type: 'error', error } }] },
  'resets_in_seconds in the message of an exception': { throws: new Error(`429 ${JSON.stringify({ error })}`) },
  'resets_in_seconds in the cause of an exception': {
    throws: new Error('request failed', { cause: new Error(`429 ${JSON.stringify({ error })}`) }),
  },
  'a header beside words without a time': {
    status: 429,
    body: { error: { type: 'usage_limit_reached', message: 'used up' } },
    headers: { 'retry-after': String(IN_SECONDS) },
  },
}

describe.each(Object.entries(WAYS))('%s', (_way, answer) => {
  it('ends the bench and is told to the caller (114005, 26889, 26893, 34024)', async () => {
    const relay = await relayBefore({
      routes: [{ provider: 'openai-codex', tokens: ['a'] }],
      answer: () => answer,
    })
    const startedAtMs = relay.platform.clock.now()
    const got = await relay.call()
    expect((await relay.store.snapshot()).benches).toMatchObject([{ untilMs: startedAtMs + IN_SECONDS * 1000 }])
    expect(got.status).toBe(429)
    expect(Number(got.headers['retry-after'])).toBe(IN_SECONDS)
  })
})
