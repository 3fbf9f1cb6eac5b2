import { expect, it } from 'vitest'
import { RetryBudget } from '../../src/recovery/budget.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** Rotations were counted as retries: of ten keys two or three were tried before the call gave up. */
it('nine empty keys of ten: the tenth answers, and no retry is spent (16830, 16902)', async () => {
  const tokens = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
  const relay = await relayBefore({
    routes: [{ provider: 'openai', tokens }],
    // Not one retry is left in this process.
    budget: new RetryBudget({ tokens: 0, retryCost: 5, successGain: 1 }),
    answer: ({ token }) =>
      token === 'j'
        ? 'good'
        : { status: 429, body: { error: { code: 'insufficient_quota', message: 'You exceeded your current quota' } } },
  })
  expect((await relay.call()).status).toBe(200)
  expect(relay.tokens()).toEqual(tokens)
})
