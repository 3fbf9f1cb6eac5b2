import { expect, it } from 'vitest'
import { callTwoAccounts, GOOD } from '../support/two-accounts.ts'

/** An `event:error` inside a 200 was shown as what the assistant said. Frames as DashScope sends them. */
it.each([
  [
    'id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded","request_id":"r"}\n\n',
  ],
  [
    'data:{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded","request_id":"r"}\n\ndata: [DONE]\n\n',
  ],
])('an error frame is a failure and never a text: %j', async (body) => {
  const headers = { 'content-type': 'text/event-stream;charset=UTF-8' }
  const seen = await callTwoAccounts('chat-completions', true, [{ kind: 'raw', status: 200, headers, body }])
  expect(seen.reading).toMatchObject({ ending: 'complete', said: GOOD })
  expect(seen.reading.text).not.toContain('Throttling')
  expect(seen.failures).toMatchObject([{ label: 'rate_limit', message: 'Requests rate limit exceeded' }])
})
