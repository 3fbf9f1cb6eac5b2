import { expect, it } from 'vitest'
import { relayBefore } from '../support/relay-fixtures.ts'

/** Side calls went through a client of their own, past the pool. Here there is one way, whatever the protocol of a call. */
it('what one protocol found out, calls in all others respect (84194)', async () => {
  const empty = { status: 429, body: { error: { code: 'insufficient_quota', message: 'no quota' } } }
  const relay = await relayBefore({
    routes: [{ provider: 'openrouter', tokens: ['a', 'b'] }],
    answer: ({ token }) => (token === 'a' ? empty : 'good'),
  })
  const wires = ['responses', 'chat-completions', 'messages'] as const
  for (const wire of wires) expect((await relay.call({ wire, session: wire })).status).toBe(200)
  expect(relay.sent.map(({ token, wire }) => `${wire} ${token}`)).toEqual([
    'responses a',
    'responses b',
    'chat-completions b',
    'messages b',
  ])
})
