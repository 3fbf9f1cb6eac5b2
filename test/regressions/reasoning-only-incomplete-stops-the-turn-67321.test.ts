import { describe, expect, it } from 'vitest'
import { responsesAnswers } from '../../src/simulator/responses-answers.ts'
import type { Step } from '../../src/simulator/index.ts'
import { callTwoAccounts, GOOD } from '../support/two-accounts.ts'

/** An `incomplete` response with nothing but reasoning was called invalid, three times, and then the turn was over. */
const REASONING = { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'gAAAA' }
const { body: shell } = responsesAnswers.incomplete(
  { kind: 'incomplete', reason: 'max_output_tokens' },
  { id: '1', model: 'gpt-5.5', nowMs: 0, includeUsage: false },
)

function incomplete(reason: string | null, stream: boolean): Step {
  const response = {
    ...(shell as object),
    incomplete_details: reason === null ? null : { reason },
    output: [REASONING],
  }
  if (!stream) {
    const headers = { 'content-type': 'application/json' }
    return { kind: 'raw', status: 200, headers, body: JSON.stringify(response) }
  }
  const events = [
    { type: 'response.output_item.done', output_index: 0, item: REASONING },
    { type: 'response.incomplete', response },
  ]
  return { kind: 'events', events: events.map((data) => ({ event: data.type, data })) }
}

describe.each([false, true])('stream: %s', (stream) => {
  it("at the caller's own token limit it is the answer, once: only the caller can raise the limit", async () => {
    const seen = await callTwoAccounts('responses', stream, [incomplete('max_output_tokens', stream)])
    expect(seen.reading.status).toBe(200)
    expect(seen.reading.text).toContain('"reason":"max_output_tokens"')
    expect(seen.hits).toEqual([1, 0])
  })

  it('for no reason it is tried again, and nobody is benched', async () => {
    const seen = await callTwoAccounts('responses', stream, [incomplete(null, stream), { kind: 'answer' }])
    expect(seen.reading).toMatchObject({ ending: 'complete', said: GOOD })
    expect(seen.failures).toMatchObject([{ label: 'invalid_response' }])
    expect(seen.benched).toEqual([])
  })
})
