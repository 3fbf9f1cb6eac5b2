import { expect, it } from 'vitest'
import { type Answered, relayBefore } from '../support/relay-fixtures.ts'

/** On one of several paths the pool was never asked for another account. There is one decision, whatever the way of the failure. */
const error = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 }
const WAYS: Readonly<Record<string, Answered>> = {
  'an HTTP status': { status: 429, body: { error } },
  'a body inside HTTP 200': { status: 200, body: { object: 'response', status: 'failed', error, output: [] } },
  'an event of a stream': { events: [{ event: 'error', data: { type: 'error', error } }] },
  'the end of a stream': {
    events: [{ event: 'response.failed', data: { type: 'response.failed', response: { status: 'failed', error } } }],
  },
  'an exception': { throws: Object.assign(new Error(`429 ${JSON.stringify({ error })}`), { status: 429 }) },
}

it.each(Object.entries(WAYS))('%s: the next account serves, and the first is benched (22212)', async (_way, answer) => {
  const relay = await relayBefore({
    routes: [{ provider: 'openai-codex', tokens: ['a', 'b'] }],
    answer: ({ token }) => (token === 'a' ? answer : 'good'),
  })
  const startedAtMs = relay.platform.clock.now()
  expect((await relay.call()).status).toBe(200)
  expect(relay.tokens()).toEqual(['a', 'b'])
  expect(relay.platform.clock.now()).toBe(startedAtMs)
  const { benches } = await relay.store.snapshot()
  expect(benches).toMatchObject([
    { credentialId: 'cred_a', reason: 'quota_exhausted', untilMs: startedAtMs + 13_872_000 },
  ])
})
