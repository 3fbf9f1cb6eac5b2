import { expect, it } from 'vitest'
import { relayBefore } from '../support/relay-fixtures.ts'

/** The last error won: an account that was used up until noon was shown as "authentication failed, log in again" (32790, 89401, 40960, 62449). */
it.each([
  ['the login fails last', ['full', 'dead']],
  ['the login fails first', ['dead', 'full']],
] as const)(
  '%s: the caller hears of the quota and its return, and each account keeps its own cause',
  async (_what, tokens) => {
    const relay = await relayBefore({
      routes: [{ provider: 'openai-codex', tokens }],
      answer: ({ token }) =>
        token === 'full'
          ? {
              status: 429,
              body: { error: { type: 'usage_limit_reached', message: 'limit', resets_in_seconds: 3_600 } },
            }
          : { status: 401, body: { error: { code: 'token_revoked', message: 'Please log in again.' } } },
    })
    const got = await relay.call()
    expect(got.status).toBe(429)
    expect(got.text).toContain('usage_limit_reached')
    expect([...(await relay.benched())].sort()).toEqual(['dead: auth_revoked', 'full: quota_exhausted'])
    // And the next call, which finds nobody ready, says the same.
    expect((await relay.call()).status).toBe(429)
  },
)
