import { describe, expect, it } from 'vitest'
import { callTwoAccounts, GOOD } from '../support/two-accounts.ts'

/** 107307, 55540: inside a 200 there is no status to go by, and only exceptions were classified: an overload became "unknown". */
const FRAMES = {
  responses: {
    type: 'error',
    code: 'server_is_overloaded',
    message: 'Our servers are currently overloaded.',
    param: null,
  },
  'chat-completions': { error: { code: 'server_is_overloaded', message: 'Our servers are currently overloaded.' } },
  messages: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
} as const

describe.each(['responses', 'chat-completions', 'messages'] as const)('%s', (wire) => {
  it.each([false, true])('is an overload by its code, retried with the same account (stream: %s)', async (stream) => {
    const data = FRAMES[wire]
    const headers = { 'content-type': 'application/json' }
    const seen = await callTwoAccounts(wire, stream, [
      stream
        ? { kind: 'events', events: [{ ...('type' in data ? { event: 'error' } : {}), data }] }
        : { kind: 'raw', status: 200, headers, body: JSON.stringify(data) },
      { kind: 'answer' },
    ])
    expect(seen.reading).toMatchObject({ ending: 'complete', said: GOOD })
    expect(seen.failures).toMatchObject([{ account: 'tok-a', label: 'overloaded' }])
    expect(seen.hits).toEqual([2, 0])
    expect(seen.benched).toEqual([])
  })
})
