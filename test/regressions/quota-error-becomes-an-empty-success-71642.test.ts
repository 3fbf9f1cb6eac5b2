import { describe, expect, it } from 'vitest'
import { callTwoAccounts } from '../support/two-accounts.ts'

/** 71642, 71633, 90436: a failed turn was neither an answer nor an error; the caller got a success with nothing in it. */
const error = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 }

describe.each(['responses', 'chat-completions', 'messages'] as const)('%s, every account empty', (wire) => {
  it.each([false, true])('is one typed error with its return, never a success (stream: %s)', async (stream) => {
    const seen = await callTwoAccounts(wire, stream, [{ kind: 'failed', error }], [{ kind: 'failed', error }])
    expect(seen.reading).toMatchObject({ status: 429, ending: 'error', said: '' })
    expect(Number(seen.reading.headers.get('retry-after'))).toBeGreaterThan(13_800)
    expect(seen.reading.headers.get('x-should-retry')).toBe('false')
    expect(seen.reading.error?.['message']).toContain('The usage limit has been reached')
    expect(seen.benched).toEqual(['quota_exhausted', 'quota_exhausted'])
  })
})
