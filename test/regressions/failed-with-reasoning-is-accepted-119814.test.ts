import { describe, expect, it } from 'vitest'
import { callTwoAccounts, GOOD } from '../support/two-accounts.ts'

/** "Failed and empty" was the check, so a failed response with a reasoning item passed for an answer: 330 of 2389 calls. */
describe.each([false, true])('a failed response that has output (stream: %s)', (stream) => {
  it('is failed: the terminal status decides', async () => {
    const error = { type: 'usage_limit_reached', message: 'The usage limit has been reached' }
    const seen = await callTwoAccounts('responses', stream, [{ kind: 'failed', error, reasoningFirst: true }])
    expect(seen.reading).toMatchObject({ ending: 'complete', said: GOOD })
    expect(seen.failures).toMatchObject([{ account: 'tok-a', label: 'quota_exhausted' }])
    expect(seen.reading.text).not.toContain('usage limit')
  })
})
