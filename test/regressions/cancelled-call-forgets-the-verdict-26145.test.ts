import { expect, it } from 'vitest'
import { relayBefore } from '../support/relay-fixtures.ts'

/** "Has this key failed already" was a variable of the loop: a cancel or a new prompt hammered the same key again. */
it('what a call found out about a key outlives the call, even one that was cancelled (26145, 41836)', async () => {
  const leave = new AbortController()
  let leaves = true
  const relay = await relayBefore({
    routes: [{ provider: 'openai', tokens: ['a', 'b'] }],
    answer: ({ token }) => {
      if (token === 'a') return { status: 429, body: { error: { code: 'insufficient_quota', message: 'no quota' } } }
      if (leaves) leave.abort()
      leaves = false
      return 'good'
    },
  })
  await relay.call({ signal: leave.signal })
  expect(relay.tokens()).toEqual(['a', 'b'])
  expect((await relay.call()).status).toBe(200)
  expect((await relay.call({ session: 'another prompt' })).status).toBe(200)
  expect(relay.tokens()).toEqual(['b', 'b'])
})
