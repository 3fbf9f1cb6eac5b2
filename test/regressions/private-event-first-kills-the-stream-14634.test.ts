import { expect, it } from 'vitest'
import { responsesAnswers } from '../../src/simulator/responses-answers.ts'
import { callTwoAccounts, GOOD } from '../support/two-accounts.ts'

/** 14634, 8133: a strict parser wanted `response.created` first and threw at `codex.rate_limits`. */
it('codex.rate_limits before response.created harms nothing and is passed on', async () => {
  const { events } = responsesAnswers.good(
    { kind: 'answer' },
    { id: '1', model: 'gpt-5.5', nowMs: 0, includeUsage: false },
  )
  const limits = { type: 'codex.rate_limits', rate_limits: { allowed: true, limit_reached: false } }
  const seen = await callTwoAccounts('responses', true, [
    { kind: 'events', events: [{ event: 'codex.rate_limits', data: limits }, ...events] },
  ])
  expect(seen.reading).toMatchObject({ ending: 'complete', said: GOOD })
  expect(seen.reading.text).toContain('event: codex.rate_limits')
  expect(seen.hits).toEqual([1, 0])
})
