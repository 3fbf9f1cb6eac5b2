import { describe, expect, it } from 'vitest'
import { callTwoAccounts, GOOD } from '../support/two-accounts.ts'

/** The check of a 200's `status: "failed"` lived outside the path of HTTP errors: the same empty account was asked three times. */
describe.each([false, true])('a quota inside HTTP 200 (stream: %s)', (stream) => {
  it('rotates at once, and benches the account for what it said', async () => {
    const error = { code: 'insufficient_quota', message: 'You exceeded your current quota' }
    const seen = await callTwoAccounts('responses', stream, [{ kind: 'failed', error }])
    expect(seen.reading).toMatchObject({ status: 200, ending: 'complete', said: GOOD })
    expect(seen.hits).toEqual([1, 1])
    expect(seen.failures).toMatchObject([{ account: 'tok-a', label: 'billing' }])
    expect(seen.benched).toEqual(['billing'])
  })
})
