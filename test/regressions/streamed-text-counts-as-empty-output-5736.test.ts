import { expect, it } from 'vitest'
import { gatherResponses } from '../../src/wire/responses/gather.ts'
import { callTwoAccounts, GOOD } from '../support/two-accounts.ts'
import { streamOf, typed } from '../support/watch-stream.ts'

/** The final object was judged instead of what had been streamed: "empty output" although the text was on the screen. */
const EVENTS = typed(
  { type: 'response.created', response: { id: 'resp_1', status: 'in_progress', output: [] } },
  { type: 'response.output_text.delta', output_index: 0, delta: 'The answer ' },
  { type: 'response.output_text.delta', output_index: 0, delta: 'is 42.' },
  { type: 'response.completed', response: { id: 'resp_1', status: 'completed', output: [] } },
)

it('text that was streamed is output', async () => {
  const seen = await callTwoAccounts('responses', true, [{ kind: 'events', events: EVENTS }])
  expect(seen.reading).toMatchObject({ ending: 'complete', said: GOOD })
  expect(seen.failures).toEqual([])
  const gathered = gatherResponses(streamOf(EVENTS))
  expect(gathered.kind === 'body' ? JSON.parse(gathered.text) : gathered).toMatchObject({
    output: [{ type: 'message', content: [{ type: 'output_text', text: GOOD }] }],
  })
})
