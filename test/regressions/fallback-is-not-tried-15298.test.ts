import { describe, expect, it } from 'vitest'
import { FAILURE_LABELS, type FailureLabel } from '../../src/failure/labels.ts'
import { decide } from '../../src/recovery/decide.ts'
import { DEFAULT_POLICY } from '../../src/recovery/policy.ts'
import { failureOf } from '../support/pool-fixtures.ts'
import { relayBefore } from '../support/relay-fixtures.ts'
import { situationOf } from '../support/situation.ts'

/** A list of reasons for which the fallback was tried was too short, and most of its call sites passed no reason at all. */
const NEVER: readonly FailureLabel[] = ['payload_too_large', 'invalid_request', 'content_policy', 'cancelled']

describe('with nothing left on a route', () => {
  it.each(FAILURE_LABELS)('%s: decided by the table, for every label (15298)', (label) => {
    const nothingLeft = situationOf({ nextRoute: true, retriesDone: 99 })
    const { action } = decide(failureOf(label, 0), nothingLeft, DEFAULT_POLICY)
    expect(action === 'fallback').toBe(!NEVER.includes(label))
  })

  it.each([
    [429, { error: { code: 'insufficient_quota', message: 'no quota' } }, 'billing'],
    [429, { error: { type: 'usage_limit_reached', message: 'used up' } }, 'quota_exhausted'],
    [401, { error: { message: 'Incorrect API key provided' } }, 'auth_revoked'],
    [403, { error: { message: 'Your organization must be verified to use this model' } }, 'entitlement'],
    [404, { error: { code: 'model_not_found', message: 'The model does not exist' } }, 'model_not_found'],
    [400, { error: { code: 'context_length_exceeded', message: 'too long' } }, 'context_overflow'],
    [503, { error: { message: 'Service unavailable' } }, 'overloaded'],
    [500, { error: { message: 'Internal error' } }, 'server_error'],
    [200, '', 'invalid_response'],
  ] as const)(
    'HTTP %i %j: the reason is told everywhere, and never missing (15298, 19839)',
    async (status, body, reason) => {
      const relay = await relayBefore({
        routes: [
          { provider: 'openai', tokens: ['a'] },
          { provider: 'openrouter', tokens: ['k'] },
        ],
        answer: ({ token }) => (token === 'a' ? { status, body } : 'good'),
      })
      for (const session of ['the call that fails', 'the call that finds nobody ready'])
        expect((await relay.call({ session })).headers['x-sparekey-fallback']).toBe(reason)
      const ends = relay.events.filter(({ type }) => type === 'call_ended')
      expect(ends).toMatchObject([{ fallbackReason: reason }, { fallbackReason: reason }])
      const decided = relay.events.filter((event) => event.type === 'decided' && event.action === 'fallback')
      expect(decided).toHaveLength(2)
      for (const event of decided) expect(event).toMatchObject({ reason: expect.stringMatching(/\S{4}/) })
    },
  )
})
