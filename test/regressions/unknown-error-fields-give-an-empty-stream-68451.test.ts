import { describe, expect, it } from 'vitest'
import { callTwoAccounts, GOOD } from '../support/two-accounts.ts'

/** Error fields of a relay that nobody knew were swallowed, and "empty stream" was all that users saw. */
const FIELDS = { error_type: 'insufficient_quota', error_message: 'Your account has no credits left' }

describe.each(['responses', 'chat-completions', 'messages'] as const)('%s', (wire) => {
  it('error_type and error_message in a frame without a delta are the failure', async () => {
    const seen = await callTwoAccounts(wire, true, [{ kind: 'events', events: [{ data: FIELDS }] }])
    expect(seen.reading).toMatchObject({ ending: 'complete', said: GOOD })
    expect(seen.failures[0]).toMatchObject({ account: 'tok-a', message: 'Your account has no credits left' })
    expect(seen.failures[0]?.label).not.toMatch(/unknown|invalid_response/)
  })
})
