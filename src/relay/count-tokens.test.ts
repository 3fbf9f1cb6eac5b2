import { expect, it } from 'vitest'
import { MINUTE, SECOND } from '../../test/support/pool-fixtures.ts'
import { type Answered, type Asked, relayBefore } from '../../test/support/relay-fixtures.ts'

const COUNT: Answered = { status: 200, body: { input_tokens: 7 } }
const count = { wire: 'messages', operation: 'count_tokens' } as const

function before(answer: (asked: Asked) => Answered) {
  return relayBefore({
    wire: 'messages',
    routes: [{ provider: 'anthropic', tokens: ['a'] }],
    answer: (asked) => (asked.url.endsWith('/count_tokens') ? COUNT : answer(asked)),
  })
}

it('a bench that is due for its trial is not tested by a count: it would cost nothing and prove nothing', async () => {
  let empty = true
  const relay = await before(() =>
    empty
      ? {
          status: 400,
          body: {
            error: {
              type: 'invalid_request_error',
              message: 'Your credit balance is too low to access the Anthropic API.',
            },
          },
        }
      : 'good',
  )
  expect((await relay.call()).status).toBe(402)
  relay.tokens()
  empty = false
  // A sole credential gets its first trial after a minute.
  relay.platform.advance(MINUTE + SECOND)
  const got = await relay.call(count)
  expect([got.status, got.headers['x-sparekey-estimate'], relay.tokens()]).toEqual([
    200,
    expect.stringMatching(/^billing/),
    [],
  ])
  expect(await relay.benched()).toEqual(['a: billing'])
  expect((await relay.call()).status).toBe(200)
  expect(await relay.benched()).toEqual([])
})

it('a count clears no strikes: who is throttled for answers again and again is benched longer each time', async () => {
  const relay = await before(() => ({
    status: 429,
    body: { error: { type: 'rate_limit_error', message: 'slow down' } },
  }))
  await relay.call()
  const strikes = async () => (await relay.store.snapshot()).benches.map((bench) => bench.strikes)
  const counted = await strikes()
  expect(counted[0]).toBeGreaterThan(0)
  relay.platform.advance(10 * MINUTE)
  expect(JSON.parse((await relay.call(count)).text)).toEqual({ input_tokens: 7 })
  expect(await strikes()).toEqual(counted)
})

it('an upstream that does not answer in time is not waited for', async () => {
  const relay = await relayBefore({
    wire: 'messages',
    routes: [{ provider: 'anthropic', tokens: ['a'] }],
    answer: () => 'silence',
  })
  const startedAtMs = relay.platform.clock.now()
  const got = await relay.call(count)
  expect(got.headers['x-sparekey-estimate']).toMatch(/^timeout/)
  expect(relay.platform.clock.now() - startedAtMs).toBeLessThanOrEqual(6_000)
})
